export { renderAll } from './answer.ts'
export { type Answers, resolveAnswers } from './resolve.ts'
