import type { ServerProgram } from './stack.ts'
export function broughtUpCases(_name: string, _program: ServerProgram): void {}
