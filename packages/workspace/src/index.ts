export { type Destination, openDestination, type RenderReport, renderTemplate } from './render/index.ts'
export { openTemplate, type Question, type SearchPlace, type Template } from './template/index.ts'
export * from './workspace/index.ts'
