import { treeTools } from '@angee/archive'
import { type Context, type Files, nodeFiles, openStack, restoreSnapshot } from '@angee/core'

/*
 * Runs a restore in this process and kills it, as kill -9 would, right before its n-th effect on the file system.
 * Arguments: stack root, snapshot id, n. Prints `done` when there were fewer effects than n.
 */
const [root = '', snapshot = '', step = '0'] = process.argv.slice(2)
let left = Number(step)

/** Only effects that change something count: between two of them nothing can be seen from outside. */
const changing = [
  'writeDurably',
  'makeDirectory',
  'rename',
  'removeFile',
  'removeEmptyDirectory',
  'setAttributes',
  'syncDirectory',
]

const deadly = new Proxy(nodeFiles, {
  get: (files, name: keyof Files) => {
    const effect = files[name] as (...args: unknown[]) => unknown
    return (...args: unknown[]) => {
      if (changing.includes(name) && --left === 0) process.kill(process.pid, 'SIGKILL')
      return effect(...args)
    }
  },
})

const ctx: Context = {
  signal: new AbortController().signal,
  logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  clock: {
    now: () => Date.now(),
    sleep: (milliseconds, signal) =>
      new Promise((_, reject) => {
        const timer = setTimeout(() => undefined, milliseconds)
        timer.unref()
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
  },
  random: (bytes) => crypto.getRandomValues(bytes),
  onProgress: () => undefined,
}

await using stack = await openStack(
  {
    directory: root,
    from: root,
    trees: treeTools,
    files: deadly,
    loadBackend: async () => {
      await import('@angee/backend-localfs/register')
    },
    loadRuntime: async () => {
      await import('@angee/runtime-proccompose/register')
    },
    tool: { name: 'angee', version: 'test' },
  },
  ctx,
)
await restoreSnapshot(stack, { snapshot }, {}, ctx)
console.log('done')
