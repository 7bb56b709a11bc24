import { join, resolve } from 'node:path'
import type { StackDefinition } from '../contract/index.ts'
import { AngeeError } from '../errors/index.ts'
import { checkManifest } from '../manifest/parse.ts'
import type { Stack } from '../stack/index.ts'
import { type Graph, graphOf } from './graph.ts'
import type { Names } from './lookup.ts'
import { projectName } from './project-name.ts'
import { type BringUpDocument, bringUpSchema } from './schema.ts'
import { ensureSecrets, type SecretSources } from './secrets.ts'
import { toWorkload } from './workload.ts'

/** A stack as it is to be brought up, with what the engines need not know. */
export interface BringUpPlan {
  definition: StackDefinition
  graph: Graph
  /** In the order of the manifest. */
  restores: readonly RestoreJob[]
}

/** A job that puts the data of a snapshot in place. */
export interface RestoreJob {
  name: string
  /** An id, a name or `latest`. */
  snapshot: string
  /** The stack root in whose backend it lies, absolute; undefined for this one's own. */
  stack: string | undefined
  only: readonly string[] | undefined
}

/**
 * Reads how the stack is brought up, and resolves it: names, paths, ports, secrets. Secrets that are missing are made
 * (see {@link ensureSecrets}); nothing else is written. MANIFEST_INVALID.
 */
export async function readPlan(stack: Stack, sources: SecretSources): Promise<BringUpPlan> {
  const { place, files, name } = stack
  const bytes = await files.read(place.manifestFile)
  const document = checkManifest(bytes?.toString() ?? '', place.manifestFile, bringUpSchema)
  const secrets = await ensureSecrets(stack, document, sources)
  const names: Names = { document, places: placesOf(stack, document), secrets: new Set(secrets.keys()) }
  const services = Object.entries(document.services).map(([key, one]) => toWorkload(names, 'service', key, one))
  const jobs = Object.entries(document.jobs).map(([key, one]) => toWorkload(names, 'job', key, one))
  const definition = {
    name,
    project: projectName(name, place.root),
    stackRoot: place.root,
    services,
    jobs,
    volumes: Object.fromEntries(Object.entries(document.volumes).map(([key, value]) => [key, value ?? {}])),
    secrets,
  }
  return { definition, graph: graphOf(definition), restores: restoresOf(document, place.root) }
}

function placesOf({ place, manifest }: Stack, { sources }: BringUpDocument): Names['places'] {
  const local = Object.entries(sources).flatMap(([key, { path, cache_path }]): [string, string][] => {
    const at = path ?? cache_path
    return at === undefined ? [] : [[key, resolve(place.root, at)]]
  })
  return {
    stackRoot: place.root,
    persist: new Map(manifest.persist.map((entry) => [entry.name, join(place.base, entry.subpath)])),
    sources: new Map(local),
  }
}

function restoresOf({ jobs }: BringUpDocument, root: string): RestoreJob[] {
  return Object.entries(jobs).flatMap(([name, { restore, command, image }]) => {
    if (restore === undefined) return []
    if (command !== undefined || image !== undefined) {
      throw new AngeeError('MANIFEST_INVALID', `jobs.${name} restores a snapshot and runs something as well`, {
        hint: 'Put the command into a job of its own that depends on this one.',
      })
    }
    const { snapshot, stack, only } = restore
    return [{ name, snapshot, stack: stack === undefined ? undefined : resolve(root, stack), only }]
  })
}
