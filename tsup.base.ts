import { defineConfig, type Options } from 'tsup'

/** The one build recipe of every package: ESM only, types beside the code, split so that a light entry stays light. */
export function packageBuild(entry: Record<string, string>, overrides: Options = {}) {
  return defineConfig({
    entry,
    format: 'esm',
    target: 'node24',
    platform: 'node',
    dts: true,
    clean: true,
    splitting: true,
    sourcemap: false,
    tsconfig: 'tsconfig.json',
    ...overrides,
  })
}
