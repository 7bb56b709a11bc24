import { writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { type Context, locateStack, nodeFiles } from '@angee/core'
import { createWorkspace, destroyWorkspace } from '../../src/index.ts'

/*
 * Creates or destroys a workspace, and stops for ever before it changes the file system for the nth time, for its parent
 * to kill it there. Arguments: create or destroy, the stack root, n, the template.
 */
const [operation = '', root = '', at = '', template = ''] = process.argv.slice(2)
let left = Number(at)

function stopHere(what: string): void {
  left -= 1
  if (left !== 0) return
  writeSync(1, `${what}\n`)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** To stop before one of these is to stop after the last change. */
const reading = ['read', 'facts', 'names', 'realpath', 'mountPoints', 'freeBytes', 'makeDirectory']

function stopping<Effects extends object>(effects: Effects): Effects {
  return new Proxy(effects, {
    get: (target, name) => {
      const effect: unknown = Reflect.get(target, name)
      if (typeof effect !== 'function' || reading.includes(String(name))) return effect
      return (...args: unknown[]): unknown => {
        stopHere(String(name))
        return effect(...args)
      }
    },
  })
}

const trees = { remove: (directory: string) => rm(directory, { recursive: true, force: true }) }
const effects = { place: locateStack(root, root), files: stopping(nodeFiles), trees: stopping(trees) }
const nothing = (): void => undefined
// A context of its own: loading the kit costs more than all the rest.
const ctx: Context = {
  signal: new AbortController().signal,
  logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  clock: { now: () => Date.now(), sleep: (milliseconds) => setTimeout(milliseconds) },
  random: (bytes) => crypto.getRandomValues(bytes),
  onProgress: () => stopHere('progress'),
}
if (operation === 'create') {
  const restore = { snapshot: '01M8338BDMC6MX86SDJEFZGCQY' }
  await createWorkspace(effects, { name: 'x', template, from: root, inputs: {}, restore }, ctx)
} else {
  await destroyWorkspace(effects, 'x', { purge: false, isDown: async () => true }, ctx)
}
writeSync(1, 'done\n')
