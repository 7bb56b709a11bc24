import { registerBackend } from '@angee/core'
import restic from './index.ts'

registerBackend(restic)
