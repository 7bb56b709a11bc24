import { AngeeError, type Workload } from '@angee/core'

/** Keys of a process that angee makes itself: another hand in them would take away what its promises stand on. */
const reserved = [
  'command',
  'entrypoint',
  'environment',
  'disabled',
  'is_disabled',
  'is_foreground',
  'replicas',
  'extends',
]

/** MANIFEST_INVALID for what a process of this machine cannot be given. */
export function refuseImpossible(workload: Workload): void {
  const { kind, name, command, image, build, mounts, user, engine, workdir, ready } = workload
  const refuse = (key: string, problem: string, hint: string) => {
    throw new AngeeError('MANIFEST_INVALID', `${kind}s.${name} has runtime: local and ${problem}`, {
      hint,
      context: { [kind]: name, key },
    })
  }
  if (command === undefined || command.length === 0) refuse('command', 'no command', 'Say what it runs: command:')
  if (image !== undefined || build !== undefined)
    refuse('image', 'an image', 'Leave it out, or make it runtime: container.')
  const moved = mounts.find(({ type, source, target }) => type === 'volume' || source !== target)
  if (moved !== undefined) {
    refuse(
      'mounts',
      `a mount of ${moved.source} at ${moved.target}, which only containers have`,
      'Use the path itself, for example ${persist.NAME} in its command or env.',
    )
  }
  if (kind === 'service' && user !== undefined && user !== '') {
    refuse(
      'user',
      `the user ${user}`,
      'process-compose starts everything as whoever runs it. Change the user in its command.',
    )
  }
  const key = Object.keys(engine).find((one) => reserved.includes(one))
  if (key !== undefined) {
    refuse('engine', `the key ${key} under engine`, `angee makes ${key} itself. Say it with the keys of the service.`)
  }
  for (const [where, text] of [
    ['workdir', workdir ?? ''],
    ['ready.http.path', ready !== undefined && 'http' in ready ? ready.http.path : ''],
  ] as const) {
    if (text.includes('{{'))
      refuse(where, `a ${where} with {{ in it`, 'process-compose takes that for a template. Choose another.')
  }
}
