import type { Surface } from './surface.ts'

/** What a command does, with what the user gave. Resolves to the exit code. */
export type Action<Options> = (surface: Surface, args: string[], options: Options) => Promise<number>

/** Makes an action into what commander calls. */
export type ActionMaker = <Options>(action: Action<Options>) => (...given: unknown[]) => Promise<void>

/** Lines of examples, for the end of a command's help. */
export function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`
}
