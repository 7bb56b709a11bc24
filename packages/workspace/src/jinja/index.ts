export { defaultSettings, type JinjaSettings } from './delimiters.ts'
export { createJinja, type Jinja } from './engine.ts'
export type { FindSource, Source } from './source.ts'
export { parseYaml, yamlOptions } from './yaml.ts'
