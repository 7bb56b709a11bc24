import { writeSync } from 'node:fs'
import { nodeFiles } from '@angee/core'
import { testContext } from '@angee/testkit'
import { createWorkspace, destroyWorkspace } from '../../src/index.ts'
import { hostAt } from './stack.ts'

/*
 * Creates or destroys a workspace, and stops for ever before it touches the file system for the nth time, for its parent
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

function stopping<Effects extends object>(effects: Effects): Effects {
  return new Proxy(effects, {
    get: (target, name) => {
      const effect: unknown = Reflect.get(target, name)
      if (typeof effect !== 'function') return effect
      return (...args: unknown[]): unknown => {
        stopHere(String(name))
        return effect(...args)
      }
    },
  })
}

const host = hostAt(root)
const effects = { ...host, files: stopping(nodeFiles), trees: stopping(host.trees) }
const ctx = { ...testContext(), onProgress: () => stopHere('progress') }
if (operation === 'create') {
  const restore = { snapshot: '01M8338BDMC6MX86SDJEFZGCQY' }
  await createWorkspace(effects, { name: 'x', template, from: root, inputs: {}, restore }, ctx)
} else {
  await destroyWorkspace(effects, 'x', { purge: false, isDown: async () => true }, ctx)
}
writeSync(1, 'done\n')
