import type { Options } from 'tsup'
import { packageBuild } from '../../tsup.base.ts'

/** What commander imports and does not need, by what stands in for it. */
const standIns: Record<string, string> = {
  // It can run subcommands as programs of their own. Nothing here does, and the module is slow to load.
  child_process: 'export default {}',
  // As a module, `process` makes all three standard streams when it is loaded. As a global it makes none.
  process: 'export default globalThis.process',
}

const lightCommander: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'light-commander',
  setup(build) {
    build.onResolve({ filter: /^node:(child_process|process)$/ }, ({ path, importer }) =>
      importer.includes('commander') ? { path: path.slice('node:'.length), namespace: 'stand-in' } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'stand-in' }, ({ path }) => ({ contents: standIns[path] ?? '' }))
  },
}

/** Leaves what the parser needs to files of its own, which `main` loads when it needs them. */
const parserApart: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'parser-apart',
  setup(build) {
    build.onResolve({ filter: /^\.\/parsed\.ts$/ }, () => ({ path: './parsed.js', external: true }))
  },
}

/*
 * Each file that is found and read costs a start more than a millisecond. So the way of `stack backup ls` is one file,
 * and commander is bundled. Core itself stays outside, so that there is one copy of it; what is bundled of it shares its
 * state with that copy (see its registry and its secrets).
 */
const shared: Options = {
  clean: false,
  removeNodeProtocol: false,
  noExternal: ['commander', '@angee/core/errors', '@angee/core/listing'],
}

export default [
  packageBuild({ main: 'src/main.ts' }, { ...shared, dts: false, splitting: false, esbuildPlugins: [parserApart] }),
  packageBuild(
    { index: 'src/index.ts', parsed: 'src/parsed.ts' },
    { ...shared, dts: { entry: { index: 'src/index.ts' } }, esbuildPlugins: [lightCommander] },
  ),
]
