export { isOrphaned, type LockOwner, lockHolder, lockStack } from './stack-lock.ts'
