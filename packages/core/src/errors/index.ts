export { type ErrorCode, errorCodes, exitCodes } from './codes.ts'
export { AngeeError, type AngeeErrorDetails, isAngeeError, type Retry, toAngeeError } from './error.ts'
export { redact, registerSecret } from './redact.ts'
