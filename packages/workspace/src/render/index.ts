export { type Destination, openDestination } from './destination.ts'
export { answerQuestions, type RenderReport, renderTemplate } from './render.ts'
