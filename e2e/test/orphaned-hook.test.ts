import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { angee, main } from '../support/angee.ts'

const manifest = `
services:
  db:
    runtime: local
    backup:
      dump: cat store/content
      restore: cat > store/incoming; touch store/begun; sleep "$(cat store/delay)"; mv store/incoming store/content
`

it('waits for a restore hook that outlived a killed restore before it undoes that restore', async () => {
  const stack = await mkdtemp(join(tmpdir(), 'angee-orphan-'))
  await mkdir(join(stack, 'store'))
  await writeFile(join(stack, 'angee.yaml'), manifest)
  await writeFile(join(stack, 'store', 'content'), 'snapshot')
  await writeFile(join(stack, 'store', 'delay'), '0')
  expect((await angee(stack, ['stack', 'backup', '--name', 'one'])).code).toBe(0)
  await writeFile(join(stack, 'store', 'content'), 'live')
  await writeFile(join(stack, 'store', 'delay'), '3')

  const restore = spawn(process.execPath, [main, 'stack', 'restore', 'one', '--yes'], { cwd: stack, stdio: 'ignore' })
  const ended = new Promise((resolve) => restore.once('exit', resolve))
  while (!(await readFile(join(stack, 'store', 'begun')).catch(() => undefined))) await wait(20)
  restore.kill('SIGKILL')
  await ended

  await writeFile(join(stack, 'store', 'delay'), '0')
  const next = await angee(stack, ['stack', 'backup', '--name', 'two'])
  expect(next.code, next.stderr).toBe(0)
  await wait(3000)
  expect(await readFile(join(stack, 'store', 'content'), 'utf8')).toBe('live')
  await rm(stack, { recursive: true })
})
