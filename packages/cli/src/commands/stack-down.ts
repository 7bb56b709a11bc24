import { exitCodes, takeDownStack } from '@angee/core'
import { confirmed, declined, requireSomeoneToAsk } from '../confirm.ts'
import { printResult } from '../output/document.ts'
import { plainText } from '../output/style.ts'
import { withStack } from '../session.ts'
import type { Surface } from '../surface.ts'

/** What has to be agreed to where volumes go too. */
export const question = "Remove the engine's volumes, with what lies in them?"

/** Stops and removes what runs; with `volumes` also the engine's volumes, which is asked about first. */
export async function stackDown(surface: Surface, volumes: boolean): Promise<number> {
  if (volumes) requireSomeoneToAsk(surface, question)
  return withStack(surface, { events: 'lines' }, async ({ stack, ctx, progress }) => {
    if (volumes && !(await confirmed(surface, question, ctx.signal))) throw declined()
    await takeDownStack(stack, { volumes }, ctx)
    progress.end('erase')
    return printDown(surface, stack.name, volumes)
  })
}

/** Prints that a stack is down. */
export async function printDown(surface: Surface, name: string, volumes: boolean): Promise<number> {
  await printResult(
    surface,
    { operation: 'down', volumes, exitCode: exitCodes.done },
    [],
    () => `${plainText(name)} is down; its files and snapshots are where they were\n`,
  )
  return exitCodes.done
}
