import { type Files, readManifest, type StackPlace } from '@angee/core'
import { parse } from 'yaml'
import { z } from 'zod'

const loose = z.looseObject({})

/** Keys of the stack's `angee.yaml` that are about its workspaces. What has another form is none of ours. */
const parentSchema = z.looseObject({
  operator: z
    .looseObject({
      port_pool: z.record(z.string(), z.looseObject({ range: z.union([z.string(), z.number()]).optional() })).catch({}),
    })
    .catch({ port_pool: {} }),
  ports: z.record(z.string(), z.unknown()).catch({}),
  workspace_defaults: z.record(z.string(), z.looseObject({ inputs: loose.optional() })).catch({}),
})

/** What the stack says about its workspaces. */
export interface ParentDefaults {
  /** Ranges of ports by pool; they win over those of a template. */
  pools: Readonly<Record<string, string>>
  /** Ports that the stack has for itself. */
  ports: ReadonlySet<number>
  /** Inputs for every workspace of a template, by its reference. */
  inputsFor(template: string): Readonly<Record<string, unknown>>
}

/** Reads them from the `angee.yaml` of the stack. STACK_NOT_FOUND, MANIFEST_INVALID. */
export async function readParent(place: StackPlace, files: Files): Promise<ParentDefaults> {
  await readManifest(place, files)
  const text = (await files.read(place.manifestFile))?.toString() ?? ''
  const document = parentSchema.parse(parse(text, { logLevel: 'error' }) ?? {})
  const pools = Object.entries(document.operator.port_pool).flatMap(([pool, { range }]) =>
    range === undefined ? [] : [[pool, String(range)] as const],
  )
  return {
    pools: Object.fromEntries(pools),
    ports: new Set(Object.values(document.ports).flatMap(portOf)),
    inputsFor: (template) => {
      const bare = template.replace(/^(?:.*\/)?workspaces\//, '')
      const found = document.workspace_defaults[`workspaces/${bare}`] ?? document.workspace_defaults[bare]
      return found?.inputs ?? {}
    },
  }
}

function portOf(declared: unknown): number[] {
  const value = typeof declared === 'object' && declared !== null ? (declared as { value?: unknown }).value : declared
  const port = Number(value)
  return Number.isInteger(port) ? [port] : []
}
