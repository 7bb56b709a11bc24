import type { ExecOptions, ExecStreams, HookCommand } from '@angee/core'

/**
 * Around every command runs this small POSIX shell script inside the service. It adds nothing to what the command
 * reads and changes none of its words; docs/decisions/0003-ending-hooks-in-containers.md tells why it is there.
 *
 * - It writes the mark before the command's first byte: from then on the command is known to have been started.
 * - It writes the mark, the exit code and `e` after the last one: from then on the output is known to be whole. `h` in
 *   place of `e` says that something the command left running still holds stdout after five seconds.
 * - It then lives until its stdin ends. The engine drops output that was not read two seconds after a process ended.
 *
 * `exec` finds programs only, never a shell's own `echo` or `test`. Its variables begin with angee_ because one of
 * another name could be the service's own, which would then be changed for the command.
 */
const script = `
angee_mark=$1 angee_stdin=$2 angee_stdout=$3 angee_count=$4
shift 4
angee_index=0
while [ "$angee_index" -lt "$angee_count" ]; do
  eval "export $1=\\"\\$ANGEE_VALUE_$angee_index\\""
  unset "ANGEE_VALUE_$angee_index"
  shift
  angee_index=$((angee_index + 1))
done
angee_held() {
  for angee_file in /proc/[0-9]*/fd/1; do
    case $angee_file in "/proc/$$/"*) continue ;; esac
    [ "$angee_file" -ef "/proc/$$/fd/1" ] && return 0
  done
  return 1
}
printf %s "$angee_mark"
(
  [ "$angee_stdin" = none ] && exec </dev/null
  [ "$angee_stdout" = none ] && exec >/dev/null
  exec "$@"
)
angee_code=$?
angee_tries=0
while angee_held; do
  [ "$angee_tries" -lt 5 ] && sleep 1 || break
  angee_tries=$((angee_tries + 1))
done
angee_end=e
angee_held && angee_end=h
printf '%s%03d%s' "$angee_mark" "$angee_code" "$angee_end"
cat >/dev/null 2>&1 || while read -r angee_rest; do :; done
exit "$angee_code"
`

/** Names an environment variable of the client that holds a value on its way into the service. */
const valueName = (index: number) => `ANGEE_VALUE_${index}`

/** In the environment of everything a command starts: by it they are found again when they have to end. */
export const markName = 'ANGEE_HOOK'

export interface Invocation {
  /** What follows the service's name in `docker compose exec`. */
  command: string[]
  /** Options of `docker compose exec`. */
  flags: string[]
  /** What has to be in the environment of the client: values are never in its words. */
  environment: Record<string, string>
  /** Whether the script is around the command and marks its output. */
  marked: boolean
}

export interface Wrapping {
  command: HookCommand
  mark: string
  io: ExecStreams
  options: ExecOptions
}

/** How a command is run under the script. */
export function wrapped({ command, mark, io, options }: Wrapping): Invocation {
  const { env = {}, workdir } = options
  // Under names of our own, because the client itself obeys PATH, DOCKER_HOST and others.
  const renamed = Object.keys(env).filter(isShellName)
  const asTheyAre = Object.keys(env).filter((name) => !isShellName(name))
  const environment = Object.fromEntries([
    ...renamed.map((name, index) => [valueName(index), env[name]]),
    ...asTheyAre.map((name) => [name, env[name]]),
  ])
  const stated = [io.stdin ? 'given' : 'none', io.stdout ? 'given' : 'none', String(renamed.length)]
  return {
    command: ['/bin/sh', '-c', script, 'angee-hook', mark, ...stated, ...renamed, ...argumentsOf(command)],
    flags: [...flagsFor(workdir, mark), ...Object.keys(environment).flatMap((name) => ['--env', name])],
    environment,
    marked: true,
  }
}

/** How a list is run where the service has no shell: as it is. */
export function bare(command: readonly string[], mark: string, { env = {}, workdir }: ExecOptions): Invocation {
  return {
    command: [...command],
    flags: [...flagsFor(workdir, mark), ...Object.keys(env).flatMap((name) => ['--env', name])],
    environment: { ...env },
    marked: false,
  }
}

function flagsFor(workdir: string | undefined, mark: string): string[] {
  return [...(workdir === undefined ? [] : ['--workdir', workdir]), '--env', `${markName}=${mark}`]
}

function argumentsOf(command: HookCommand): readonly string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : command
}

function isShellName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}
