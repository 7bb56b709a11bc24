import type { Context } from '@angee/core'
import type { Place } from './place.ts'
import { signalOnThisMachine } from './this-machine.ts'
import { markName } from './wrapper.ts'

/**
 * Finds everything a command has started, sends it a signal, and writes the process ids. Written with what every
 * POSIX shell has built in, because a container may have neither `ps` nor `grep` nor `kill`. To the family belong the
 * processes with the mark in their environment, their descendants and the members of their sessions: one of these
 * three holds for a process that cleared its environment, one that lost its parent and one that left the session.
 */
const script = `
mark=$1 signal=$2 family=' '
marked() {
  line=
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"${markName}=$mark"*) return 0 ;; esac
    line=
  done 2>/dev/null <"/proc/$1/environ"
  return 1
}
grown=yes
while [ -n "$grown" ]; do
  grown=
  for entry in /proc/[0-9]*; do
    pid=\${entry#/proc/}
    case $family in *" $pid "*) continue ;; esac
    [ "$pid" = $$ ] && continue
    stat=
    { read -r stat <"$entry/stat"; } 2>/dev/null || continue
    set -- \${stat##*) }
    [ "$1" = Z ] && continue
    case $family in
      *" $2 "* | *" $4 "*) ;;
      *) marked "$pid" || continue ;;
    esac
    family="$family$pid "
    grown=yes
  done
done
if [ "$signal" != none ] && [ "$family" != ' ' ]; then
  kill -s "$signal" $family 2>/dev/null
  kill -s CONT $family 2>/dev/null
fi
echo $family
`

export type EndingSignal = 'TERM' | 'KILL' | 'none'

/** Milliseconds that what was asked to end may take before it is killed, and as many again before we give up. */
const grace = 5_000
const pause = 150

/**
 * Ends what a command has started: asks first, kills after five seconds. Resolves true when nothing is left, false
 * when something outlives even that, or when there is no way to look. It is called when the signal of `ctx` has
 * aborted, so it does not look at it.
 */
export async function endInside(place: Place, mark: string, { clock }: Pick<Context, 'clock'>): Promise<boolean> {
  const killAt = clock.now() + grace
  let signal: EndingSignal = 'TERM'
  let seen = false
  for (;;) {
    const { left, certain } = await signalFamily(place, mark, signal)
    if (left === 0) return certain || seen
    seen = true
    if (clock.now() >= killAt + grace) return false
    await clock.sleep(pause)
    signal = clock.now() >= killAt ? 'KILL' : 'none'
  }
}

/** Sends a signal to what belongs to the mark. `certain`: had there been more processes, they would have been seen. */
async function signalFamily(
  place: Place,
  mark: string,
  signal: EndingSignal,
): Promise<{ left: number; certain: boolean }> {
  const { engine, environment } = place.project
  const words = place.execWords([], ['/bin/sh', '-c', script, 'angee-end', mark, signal])
  const answer = await engine.ask(words, { signal: new AbortController().signal }, environment('look'))
  if (answer.exitCode === 0) {
    return { left: answer.stdout.split(/\s+/).filter((pid) => pid !== '').length, certain: true }
  }
  if (await place.hasStopped()) return { left: 0, certain: true }
  return { left: await signalOnThisMachine(mark, signal), certain: false }
}
