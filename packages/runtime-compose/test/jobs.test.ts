import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { readAll, testContext } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { dockerEngine } from '../src/engine/engine.ts'
import { lastLines } from '../src/engine/errors.ts'
import { oneByOne } from '../src/engine/one-by-one.ts'
import { follow } from '../src/jobs/follow.ts'
import { isGone, ownerLabel } from '../src/jobs/owner.ts'

describe('the owner of a job', () => {
  const [host, boot, space, pid, start] = ownerLabel().split('/') as [string, string, string, string, string]
  const label = (...parts: string[]) => parts.join('/')

  it('is not gone while it lives', () => {
    expect(isGone(ownerLabel())).toBe(false)
  })

  it('is gone when its process has ended', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    expect(isGone(label(host, boot, space, String(child.pid), start))).toBe(true)
  })

  it('is gone when its pid is that of another process, or the machine was started anew', () => {
    expect(isGone(label(host, boot, space, pid, `${start}0`))).toBe(true)
    expect(isGone(label(host, boot, space, '1', start))).toBe(true)
    expect(isGone(label(host, 'another boot', space, pid, start))).toBe(true)
  })

  it('may live where we cannot look', () => {
    expect(isGone(label('another-host', 'x', space, '1', '1'))).toBe(false)
    expect(isGone(label(host, boot, 'pid:[1]', '1', '1'))).toBe(false)
  })

  it('tells of a process with blanks and brackets in its name', () => {
    const script = `import { execFileSync } from 'node:child_process'
process.title = 'a) b (c'
const { isGone, ownerLabel } = await import(${JSON.stringify(new URL('../src/jobs/owner.ts', import.meta.url).href)})
console.log(isGone(ownerLabel()), ownerLabel().split('/').at(-1) !== '')`
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })).toBe(
      'false true\n',
    )
  })
})

describe('calls one by one', () => {
  it('begin when the one before has ended, also when that failed', async () => {
    const log: string[] = []
    const call = oneByOne(async ([name = '']) => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`${name} ends`)
      if (name === 'first') throw new Error('no')
      return name
    })
    const first = call(['first'], testContext())
    const second = call(['second'], testContext())
    await expect(first).rejects.toThrow('no')
    expect(await second).toBe('second')
    expect(log).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
  })

  it('reject while they wait when their signal aborts, and never begin', async () => {
    const begun: string[] = []
    const hold = Promise.withResolvers<string>()
    const call = oneByOne(async ([name = '']) => {
      begun.push(name)
      return name === 'first' ? hold.promise : name
    })
    const stopping = new AbortController()
    const first = call(['first'], testContext())
    const second = call(['second'], testContext({ signal: stopping.signal }))
    const third = call(['third'], testContext())
    const settled = expect(second).rejects.toThrow('enough')
    stopping.abort(new Error('enough'))
    await settled
    expect(begun).toEqual(['first'])
    hold.resolve('first')
    expect(await Promise.all([first, third])).toEqual(['first', 'third'])
    expect(begun).toEqual(['first', 'third'])
  })
})

describe('the end of what the engine said', () => {
  it('is without progress', () => {
    const said =
      ' Network p_default  Creating\n Network p_default  Created\n Container p-a-1  Starting\nError: no room\n'
    expect(lastLines(said)).toBe('Error: no room')
    expect(lastLines('Container runtime is not there')).toBe('Container runtime is not there')
  })
})

describe('the output of a job', () => {
  it('is whole also where the engine ends the log that is followed before its end', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'angee-job-'))
    const docker = `#!/bin/sh
case "$*" in
  "logs --follow box") printf 'first '; printf 'one ' >&2 ;;
  "logs box") printf 'first second third'; printf 'one two' >&2 ;;
  "wait box") echo 3 ;;
esac`
    await writeFile(join(directory, 'docker'), docker, { mode: 0o755 })
    const output = new PassThrough()
    const result = await follow(dockerEngine(directory, { PATH: directory }), 'box', output, testContext())
    expect(result).toEqual({ exitCode: 3, signal: null, stderrTail: 'one two' })
    const text = (await readAll(output.end())).toString()
    for (const part of ['first ', 'second third', 'one ', 'two']) expect(text.split(part)).toHaveLength(2)
    expect(text).toHaveLength('first second third'.length + 'one two'.length)
    await rm(directory, { recursive: true })
  })
})
