import { registerBackend } from '@angee/core'
import localfs from './index.ts'

registerBackend(localfs)
