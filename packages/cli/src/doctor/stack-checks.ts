import { type Context, liveDirectory, lockHolder, type Stack, unfinishedOperations } from '@angee/core'
import { counted, formatBytes } from '../output/format.ts'
import { type Check, check, fail, ok, warn } from './check.ts'

/** Every check of an open stack, in the order in which one failure explains the next. */
export async function checkStack(stack: Stack, ctx: Context, command: (words: string) => string): Promise<Check[]> {
  return [
    ...(await check('scope', async () => checkScope(stack))),
    ...(await check('backend', () => checkBackend(stack, ctx))),
    ...(await checkRuntimes(stack, ctx)),
    ...(await check('lock', () => checkLock(stack, command))),
  ]
}

async function checkScope(stack: Stack): Promise<Check[]> {
  if (stack.scope.length === 0) {
    return [
      fail(
        'scope',
        `${stack.place.manifestFile} declares nothing to snapshot`,
        'Add a directory under persist:, or a backup: hook to a service.',
      ),
    ]
  }
  const names = stack.scope.map(({ id }) => id).join(', ')
  const found = [ok('scope', `${counted(stack.scope.length, 'part')}: ${names}`)]
  for (const part of stack.scope) {
    if (part.kind === 'stream') continue
    found.push(
      ...(await check(part.id, async () => {
        const directory = await liveDirectory(stack, part)
        if (directory !== undefined) return []
        const path = part.path || '.'
        return fail(
          part.id,
          `the directory ${path} does not exist below ${stack.place.base}`,
          `Make it (mkdir -p ${path}) if it is right that it is empty, or correct persist.${part.name}.subpath.`,
        )
      })),
    )
  }
  return found
}

async function checkBackend({ backend }: Stack, ctx: Context): Promise<Check> {
  await backend.preflight(ctx)
  return ok('backend', `${backend.type} at ${backend.location} can be written`)
}

async function checkRuntimes(stack: Stack, ctx: Context): Promise<Check[]> {
  const found: Check[] = []
  for (const kind of stack.runtimes.kinds) {
    const hooked = stack.scope.flatMap((part) =>
      part.kind === 'stream' && part.runtime === kind ? [part.service] : [],
    )
    const engine = await check(`runtime ${kind}`, async () => {
      const runtime = await stack.runtimes.get(kind)
      const { engine, version } = await runtime.preflight(ctx)
      return ok(`runtime ${kind}`, `${engine} ${version}`)
    })
    found.push(...engine)
    if (engine.some(({ status }) => status === 'fail') || hooked.length === 0) continue
    found.push(...(await check('services', () => checkServices(stack, kind, hooked, ctx))))
  }
  return found
}

async function checkServices(
  stack: Stack,
  kind: Stack['runtimes']['kinds'][number],
  hooked: readonly string[],
  ctx: Context,
): Promise<Check[]> {
  const statuses = await (await stack.runtimes.get(kind)).status(ctx)
  return hooked.map((service) => {
    const name = `service ${service}`
    const status = statuses.find((one) => one.service === service)
    if (!status) {
      return fail(
        name,
        'has a hook and is unknown to its runtime',
        `Define ${service} there, or correct its name in angee.yaml.`,
      )
    }
    if (status.state === 'running') return ok(name, status.health === 'none' ? 'running' : `running, ${status.health}`)
    if (status.canExec && !status.canStart) return ok(name, 'no supervisor runs; its hook is run on its own')
    return fail(name, `has a hook and is ${status.state}`, `Start ${service}, or leave it out with --only.`)
  })
}

async function checkLock(stack: Stack, command: (words: string) => string): Promise<Check[]> {
  const holder = lockHolder(stack.place.stateDirectory)
  if (holder) {
    const { operation, id, pid, host, since } = holder
    return [
      warn(
        'lock',
        `held by ${operation} ${id} (process ${pid} on ${host}, since ${since})`,
        'Wait until it has ended. The lock goes by itself when its process does.',
      ),
    ]
  }
  const unfinished = await unfinishedOperations(stack)
  const journals = unfinished.map(({ type, snapshot, startedAt }) =>
    fail(
      'journal',
      `a ${type} of ${snapshot}, begun ${startedAt}, was interrupted`,
      `The next backup or restore deals with it first: ${command('stack backup')}`,
    ),
  )
  return journals.length > 0 ? journals : [ok('lock', 'free, nothing was left half done')]
}

/** Whether a restore of the newest snapshot would fit. `newest` in bytes before compression. */
export async function checkSpace(stack: Stack, newest: number | undefined): Promise<Check> {
  const free = await stack.files.freeBytes(stack.place.root)
  if (newest === undefined || free >= newest * 2) return ok('space', `${formatBytes(free)} free at ${stack.place.root}`)
  return warn(
    'space',
    `${formatBytes(free)} free at ${stack.place.root}; the newest snapshot holds ${formatBytes(newest)}`,
    'A restore keeps old and new side by side, and a safety snapshot beside them. Free some space.',
  )
}
