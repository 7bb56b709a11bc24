export { type Delimiters, defaultSettings, type JinjaSettings, standardDelimiters } from './delimiters.ts'
export { createJinja, type Jinja } from './engine.ts'
export { parseYaml } from './filters/index.ts'
export type { FindSource, Source } from './source.ts'
