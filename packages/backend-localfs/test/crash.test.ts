import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { testContext } from '@angee/testkit'
import { expect, it } from 'vitest'
import { localfsObjectStore } from '../src/store/index.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const file = (name: string) => new URL(name, import.meta.url).pathname

it('a writer killed in the middle of a put leaves nothing visible, and garbage only once it is dead', async () => {
  await using directory = await temporaryDirectory()
  const store = localfsObjectStore(directory.path)
  await store.put('dir/good', Buffer.from('good'), {}, testContext())

  const writer = spawn(process.execPath, ['--import', file('sources.ts'), file('endless-put.ts'), directory.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(writer, 'exit')
  await once(writer.stdout, 'data')
  expect(await store.collectGarbage?.(testContext())).toEqual({ removed: 0, bytes: 0 })
  writer.kill('SIGKILL')
  expect(await ended).toEqual([null, 'SIGKILL'])

  expect(await store.head('dir/endless', testContext())).toBeUndefined()
  const [left = ''] = await readdir(join(directory.path, '.incoming~'))
  const { size } = await stat(join(directory.path, '.incoming~', left))
  expect(size).toBeGreaterThan(0)
  expect(await store.collectGarbage?.(testContext())).toEqual({ removed: 1, bytes: size })
  expect(await readdir(join(directory.path, '.incoming~'))).toEqual([])
  expect(await store.head('dir/good', testContext())).toEqual({ bytes: 4 })
})

it('garbage is only what has the name of an unfinished file', async () => {
  await using directory = await temporaryDirectory()
  const incoming = join(directory.path, '.incoming~')
  const abandoned = '00112233445566778899aabbccddeeff'
  await mkdir(incoming)
  await writeFile(join(incoming, 'notes.txt'), 'foreign')
  await mkdir(join(incoming, abandoned.replaceAll('0', 'f')))
  await writeFile(join(incoming, abandoned), 'abandoned')
  const report = await localfsObjectStore(directory.path).collectGarbage?.(testContext())
  expect(report).toEqual({ removed: 1, bytes: 9 })
  expect((await readdir(incoming)).sort()).toEqual(['ff112233445566778899aabbccddeeff', 'notes.txt'])
})

it('a collector that never rests disturbs no put', async () => {
  await using directory = await temporaryDirectory()
  const store = localfsObjectStore(directory.path)
  const collector = localfsObjectStore(directory.path)
  let putting = true
  const collecting = (async () => {
    let removed = 0
    while (putting) removed += (await collector.collectGarbage?.(testContext()))?.removed ?? 0
    return removed
  })()
  const keys = Array.from({ length: 200 }, (_, index) => `dir-${index % 5}/${index}`)
  await Promise.all(
    keys.map((key, index) => store.put(key, Buffer.from(key), { ifAbsent: index % 2 === 0 }, testContext())),
  )
  putting = false
  await collecting
  for (const key of keys) expect(await store.head(key, testContext())).toEqual({ bytes: key.length })
})
