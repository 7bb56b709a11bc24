export { createJinja } from './jinja/index.ts'
