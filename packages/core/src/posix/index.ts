export { listAttributes, setAttribute } from './attributes.ts'
export { dataSegments, makeDevice, makeFifo, makeInheritable, setTimes, setTimesOf, tryLock, unlock } from './calls.ts'
export { returnFreedMemory } from './memory.ts'
export { syncFileSystem } from './sync.ts'
