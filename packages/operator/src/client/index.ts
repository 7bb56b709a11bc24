export { api } from '../api/index.ts'
