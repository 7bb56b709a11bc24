export { collect, digestOf, pseudoRandomBytes, readAll } from './bytes.ts'
export { cutStream, erroringStream, shortChunks, slowStream, stalledStream, wholeStream } from './faulty.ts'
