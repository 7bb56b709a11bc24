import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Context, DefinitionCopy } from '@angee/core'
import { isBlock } from '../definition/merge.ts'
import { writeWhole } from '../definition/prepare.ts'
import { yamlOf } from '../definition/yaml.ts'
import type { Project } from '../lifecycle/project.ts'
import type { ComposeOptions } from '../options.ts'
import { engineSockets } from './copying.ts'
import { networkApart, secretApart, volumeApart } from './resources.ts'
import { serviceApart } from './service.ts'

type Block = Readonly<Record<string, unknown>>

/**
 * Writes into another stack root a Compose file of the services that a person's file defines, which shares nothing with
 * them that could be written. It holds what variables and env files say now, so only its owner can read it. Undefined
 * where no person wrote a file. RUNTIME_FAILED names the service and what it cannot be kept apart from.
 */
export async function copyDefinition(
  project: Project,
  options: ComposeOptions,
  to: DefinitionCopy,
  own: NodeJS.ProcessEnv,
  ctx: Context,
): Promise<ComposeOptions | undefined> {
  ctx.signal.throwIfAborted()
  const source = project.source()
  if (source.origin !== 'by-hand') return undefined
  // Resolved and with everything filled in: a path can only be judged when it stands there in full.
  const whole = JSON.parse(await project.make(['--profile', '*', 'config', '--format', 'json'], ctx)) as Block
  const copying = { project: String(whole['name']), to, sockets: engineSockets(own['DOCKER_HOST']) }
  const document = {
    name: to.project,
    services: await mapped(whole['services'], (name, service) => serviceApart(name, service, copying)),
    networks: await mapped(whole['networks'], async (name, network) => networkApart(name, network)),
    volumes: await mapped(whole['volumes'], (name, volume) => volumeApart(name, volume, copying)),
    secrets: await mapped(whole['secrets'], async (name, secret) => secretApart('secret', name, secret)),
    configs: await mapped(whole['configs'], async (name, config) => secretApart('config', name, config)),
  }
  const filled = Object.fromEntries(Object.entries(document).filter(([, block]) => Object.keys(block).length > 0))
  const file = 'compose.yaml'
  const about = `# A copy of ${source.file}, for a throw-away stack. It holds values of variables and env files.`
  await writeWhole(join(to.stackRoot, file), `${about}\n${yamlOf(filled)}`, 0o600)
  return { file, project_name: to.project, ...envFiles(project.engine.stackRoot, options) }
}

/** Variables that containers take over, and secrets that are made of one, are looked for in the original's files. */
function envFiles(stackRoot: string, { env_file }: ComposeOptions): Pick<ComposeOptions, 'env_file'> {
  const usual = existsSync(join(stackRoot, '.env')) ? ['.env'] : []
  const files = typeof env_file === 'string' ? [env_file] : (env_file ?? usual)
  return files.length === 0 ? {} : { env_file: files.map((path) => resolve(stackRoot, path)) }
}

async function mapped(block: unknown, change: (name: string, value: Block) => Promise<Block>): Promise<Block> {
  const entries = Object.entries(isBlock(block) ? block : {})
  const changed = entries.map(async ([name, value]) => [name, await change(name, isBlock(value) ? value : {})] as const)
  return Object.fromEntries(await Promise.all(changed))
}
