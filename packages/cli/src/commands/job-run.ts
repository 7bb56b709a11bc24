import { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { exitCodes, runStackJob } from '@angee/core'
import { redact } from '@angee/core/errors'
import { bringUpEffects } from '../effects.ts'
import { printResult } from '../output/document.ts'
import { formatDuration } from '../output/format.ts'
import { plainText } from '../output/style.ts'
import { withStack } from '../session.ts'
import { commandLine, type Surface } from '../surface.ts'

/** Runs one job. What it writes goes to stderr, or on stdout as JSON lines. */
export async function jobRun(surface: Surface, name: string, again: boolean): Promise<number> {
  const options = { events: 'lines', whenInterrupted: 'the job was ended' } as const
  return withStack(surface, options, async ({ stack, ctx, progress }) => {
    const begun = performance.now()
    const output = outputOf(surface)
    const ran = await runStackJob(stack, name, { again }, bringUpEffects(surface, output), ctx).finally(() =>
      output.end(),
    )
    progress.end('erase')
    const milliseconds = Math.round(performance.now() - begun)
    return printJobRun(surface, name, ran, milliseconds)
  })
}

/** Prints whether a job has run. */
export async function printJobRun(surface: Surface, name: string, ran: boolean, milliseconds: number): Promise<number> {
  const value = { operation: 'job', job: name, ran, durationMilliseconds: milliseconds, exitCode: exitCodes.done }
  await printResult(
    surface,
    value,
    [name],
    () => `Job ${plainText(name)} ${ran ? `is done, ${formatDuration(milliseconds)}` : 'has been done before'}\n`,
  )
  if (!ran) surface.note(`To do it again: ${commandLine(surface, `job run ${name} --again`)}\n`)
  return exitCodes.done
}

/** Whole lines, so that one that holds a secret is never cut in the middle of it. */
function outputOf(surface: Surface): Writable {
  const decoder = new StringDecoder()
  let rest = ''
  const say = (line: string): void => {
    const clean = plainText(redact(line))
    if (surface.format === 'json') surface.out(`${JSON.stringify({ type: 'output', line: clean })}\n`)
    else surface.note(`${clean}\n`)
  }
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = (rest + decoder.write(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) say(line)
      done()
    },
    final(done) {
      if (rest !== '') say(rest)
      done()
    },
  })
}
