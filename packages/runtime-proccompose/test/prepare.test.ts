import { readFileSync, statSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAngeeError } from '@angee/core'
import { testContext } from '@angee/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProccompose } from '../src/runtime.ts'
import { highestInheritable } from '../src/server/descriptors.ts'
import { passedOn } from '../src/server/environment.ts'
import { socketFor } from '../src/server/socket.ts'
import { definitionOf, local } from './compiled-stack.ts'
import { emptyStack } from './stack.ts'

const ctx = testContext()
let root: string
beforeEach(async () => {
  root = await emptyStack()
})
afterEach(() => rm(root, { recursive: true, force: true }))

const open = (options: object = {}, own: NodeJS.ProcessEnv = {}) =>
  openProccompose({ options: { token_env: 'PC_API_TOKEN', ...options }, stackRoot: root, services: [] }, own)
const app = local('service', 'app', 'run', { env: { PASSWORD: [{ secret: 'password' }] } })
const definition = () => definitionOf(root, [app], { password: 'canary-of-the-secret' })

describe('prepare', () => {
  it('writes a file for all to see, and what is secret for the owner alone', async () => {
    const { file, outcome } = await open().prepare(definition(), ctx)
    expect([file, outcome]).toEqual([join(root, 'process-compose.yaml'), 'written'])
    expect(readFileSync(file, 'utf8')).not.toContain('canary')
    const secret = join(root, 'run/process-compose/services/app.env')
    expect(readFileSync(secret, 'utf8')).toContain('canary')
    expect(statSync(secret).mode & 0o777).toBe(0o600)
    expect(statSync(join(root, 'run/process-compose/services')).mode & 0o777).toBe(0o700)
    expect((await open().prepare(definition(), ctx)).outcome).toBe('kept')
  })

  it('takes away what nobody takes in any more, and leaves nothing half written', async () => {
    await open().prepare(definition(), ctx)
    await open().prepare(definitionOf(root, [local('service', 'app', 'run')]), ctx)
    expect(await readdir(join(root, 'run/process-compose/services'))).toEqual([])
    expect((await readdir(root)).sort()).toEqual(['process-compose.yaml', 'run'])
  })

  it.each(['process-compose.yml', 'process-compose.yaml'])('leaves a %s alone that a person wrote', async (name) => {
    await writeFile(join(root, name), 'processes: {}\n')
    expect(await open().prepare(definition(), ctx)).toEqual({ file: join(root, name), outcome: 'by-hand' })
    expect(readFileSync(join(root, name), 'utf8')).toBe('processes: {}\n')
    expect(await readdir(root)).toEqual([name])
  })

  it('leaves the file alone that the options name, and says so when it is not there', async () => {
    const named = open({ file: 'sub/pc.yaml' })
    await expect(named.prepare(definition(), ctx)).rejects.toSatisfy((error) => isAngeeError(error, 'RUNTIME_FAILED'))
    await mkdir(join(root, 'sub'))
    await writeFile(join(root, 'sub/pc.yaml'), 'processes: {}')
    expect(await named.prepare(definition(), ctx)).toEqual({ file: join(root, 'sub/pc.yaml'), outcome: 'by-hand' })
    expect(await readdir(root)).toEqual(['sub'])
  })

  it('writes nothing when the manifest asks for what cannot be', async () => {
    const broken = definitionOf(root, [local('service', 'app', 'run', { image: 'x' })])
    await expect(open().prepare(broken, ctx)).rejects.toSatisfy((error) => isAngeeError(error, 'MANIFEST_INVALID'))
    expect(await readdir(root)).toEqual([])
  })
})

describe('where process-compose is not installed', () => {
  const without = () => open({}, { PATH: root })

  it('up says how to get it, and starts nothing', async () => {
    await without().prepare(definition(), ctx)
    const failure = await without()
      .up(['app'], definition(), ctx)
      .catch((error: unknown) => error)
    expect(isAngeeError(failure, 'RUNTIME_UNAVAILABLE') && failure.hint).toContain('Install 1.122')
    expect(await without().status(ctx)).toEqual([
      { service: 'app', state: 'absent', health: 'none', canExec: true, canStart: false },
    ])
  })

  it('down has nothing to do, and a service whose secrets it took away runs no hook', async () => {
    await without().prepare(definition(), ctx)
    await without().down({ volumes: false }, ctx)
    expect(await without().status(ctx)).toMatchObject([{ service: 'app', state: 'absent', canExec: false }])
    await expect(without().exec('app', 'true', {}, {}, ctx)).rejects.toThrow(/taken down/)
    await expect(without().start(['app'], ctx)).rejects.toThrow(/taken down/)
  })
})

describe('what a server is started with', () => {
  it('is our environment without what is not its business', async () => {
    const { registerSecret } = await import('@angee/core')
    registerSecret('a-registered-secret')
    const own = {
      PATH: '/bin',
      PC_PORT_NUM: '1',
      PC_PROC_NAME: 'outer',
      ANGEE_STACK: '/outer',
      REPOSITORY_PASSWORD: 'a-registered-secret',
      URL: 'holds a-registered-secret within',
      EMPTY: '',
    }
    expect(passedOn(own)).toEqual({ PATH: '/bin', URL: own.URL, EMPTY: '' })
  })

  it('is a socket whose path the kernel can hold', async () => {
    expect(await socketFor('/short/pc.sock')).toEqual({ socket: '/short/pc.sock' })
    const { socket, madeFor } = await socketFor(`/${'long/'.repeat(30)}pc.sock`)
    expect(Buffer.byteLength(socket)).toBeLessThan(100)
    expect(statSync(madeFor ?? '').mode & 0o777).toBe(0o700)
    await rm(madeFor ?? '', { recursive: true })
  })

  it.runIf(process.platform === 'linux')('is no descriptor that we would hand on', async () => {
    const { makeInheritable } = await import('@angee/core/posix')
    const { closeSync, openSync } = await import('node:fs')
    const descriptor = openSync('/dev/null', 'r')
    try {
      const before = highestInheritable()
      makeInheritable(descriptor)
      expect(highestInheritable()).toBe(Math.max(before, descriptor))
      expect(descriptor).toBeGreaterThan(2)
    } finally {
      closeSync(descriptor)
    }
  })
})
