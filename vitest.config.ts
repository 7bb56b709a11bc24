import { readdirSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => new URL(path, import.meta.url).pathname

/** Tests see the sources of every package, so that a change needs no build before it can be tested. */
const alias = [
  {
    find: /^@angee\/core\/(errors|posix|catalog|listing|retention)$/,
    replacement: source('./packages/core/src/$1/index.ts'),
  },
  { find: /^@angee\/operator\/client$/, replacement: source('./packages/operator/src/client/index.ts') },
  ...readdirSync(source('./packages')).flatMap((name) => [
    { find: new RegExp(`^@angee/${name}$`), replacement: source(`./packages/${name}/src/index.ts`) },
    { find: new RegExp(`^@angee/${name}/register$`), replacement: source(`./packages/${name}/src/register.ts`) },
  ]),
]

/**
 * A tree is read by a thread of its own, and commands are processes: compiled anew each time, that is most of what such a
 * case costs. Whatever Node starts from here on finds what was compiled before.
 */
process.env['NODE_COMPILE_CACHE'] ??= source('./node_modules/.cache/compiled')

/** On CI a case on a real engine gets a second try: engines and networks have their moments, a fault of ours shows twice. */
const retriesOfEngines = process.env['CI'] ? 1 : 0

export default defineConfig({
  resolve: { alias },
  test: {
    // The default leaves a core idle, which on two cores is half of the machine. Suites on engines run side by side too: each
    // looks at what is its own alone.
    maxWorkers: '100%',
    // Far beyond what any case takes: a timeout is for what hangs, not for a machine that is busy.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{packages,examples}/*/test/**/*.test.ts'],
          exclude: ['**/*.engine.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'engine',
          // Of those that run side by side in one file most wait: for retries, for a server that hangs on purpose.
          maxConcurrency: 12,
          include: ['{packages,examples}/*/test/**/*.engine.test.ts', 'recipes/test/**/*.test.ts'],
          retry: retriesOfEngines,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/test/**/*.test.ts'],
          retry: retriesOfEngines,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})
