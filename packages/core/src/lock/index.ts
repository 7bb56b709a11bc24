export { type LockOwner, lockHolder, lockStack } from './stack-lock.ts'
