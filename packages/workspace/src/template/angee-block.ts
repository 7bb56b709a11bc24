import { posix } from 'node:path'
import { slug } from '@angee/core'
import { checked } from './check.ts'
import type { ConfigFile } from './config-file.ts'
import { invalidAtKey } from './document.ts'
import type { AngeeBlock } from './model.ts'
import { type AngeeDeclaration, angeeSchema } from './schema.ts'

const poolKey = /^operator\.port_pool\.([A-Za-z_][\w-]*)$/

/** The `_angee` block of `copier.yml`; a template without one can stand in a chain. TEMPLATE_INVALID. */
export function angeeBlockOf(config: ConfigFile): {
  angee: AngeeBlock
  inputs: AngeeDeclaration['inputs']
  notes: string[]
} {
  const value = config.values['_angee'] ?? { kind: 'project' }
  const declared = checked(angeeSchema, value, ['_angee'], config)
  for (const [index, { root }] of (declared.chain ?? []).entries())
    refuseEscape(root, ['_angee', 'chain', index, 'root'], config)
  refuseEscape(declared.chain_root, ['_angee', 'chain_root'], config)
  const naming = declared.instance_naming
  const angee: AngeeBlock = {
    kind: declared.kind,
    name: declared.name,
    description: declared.description,
    naming: naming && { pattern: naming.pattern, fallback: naming.fallback, maxLength: naming.max_length },
    chainRoot: declared.chain_root,
    chain: (declared.chain ?? []).map(({ template, root, inputs }) => ({ template, root, inputs: inputs ?? {} })),
    persist: persistOf(declared),
    pools: poolsOf(declared, config),
    sources: Object.entries(declared.sources ?? {}).map(([name, source]) => ({
      name,
      subpath: source?.subpath ?? name,
    })),
    includeRoot: declared.include_root,
  }
  return { angee, inputs: declared.inputs, notes: notesOn(declared) }
}

function persistOf({ persist, persist_paths: paths }: AngeeDeclaration): AngeeBlock['persist'] {
  const named = (paths ?? []).map((subpath) => [slug(subpath) || 'data', { subpath }] as const)
  const declared = Object.entries(persist ?? {}).map(
    ([name, { subpath, scope }]) => [name, { subpath, ...(scope === undefined ? {} : { scope }) }] as const,
  )
  return Object.fromEntries([...named, ...declared])
}

function poolsOf({ ensure }: AngeeDeclaration, { files }: ConfigFile): AngeeBlock['pools'] {
  return Object.fromEntries(
    Object.entries(ensure ?? {}).flatMap(([key, { range }]) => {
      const [, pool] = poolKey.exec(key) ?? []
      if (pool === undefined) return []
      if (range !== undefined) return [[pool, String(range)]]
      const hint = 'Write range: "8100-8199".'
      throw invalidAtKey(files, ['_angee', 'ensure', key], `_angee.ensure.${key} has no range`, hint)
    }),
  )
}

function notesOn({ ensure, sources }: AngeeDeclaration): string[] {
  const others = Object.keys(ensure ?? {}).filter((key) => !poolKey.test(key))
  const names = Object.keys(sources ?? {})
  return [
    ...others.map((key) => `ensure: ${key} is not done: only operator.port_pool.NAME is known`),
    ...(names.length === 0
      ? []
      : [`sources are not materialised, they belong to the control plane: ${names.join(', ')}`]),
  ]
}

function refuseEscape(path: string | undefined, at: readonly (string | number)[], { files }: ConfigFile): void {
  if (path === undefined) return
  const way = posix.normalize(path)
  if (!posix.isAbsolute(path) && way !== '..' && !way.startsWith('../') && !path.includes('\0')) return
  throw invalidAtKey(
    files,
    at,
    `${at.join('.')}: "${path}" leads out of the workspace`,
    'Give a path below the workspace.',
  )
}
