import { registerBackend } from '@angee/core'
import s3 from './index.ts'

registerBackend(s3)
