import type { ReadyProbe } from '@angee/core'
import { literal } from './text.ts'

/** The `healthcheck` of a service that is ready when its probe says so. It runs inside, with what the image has. */
export function healthcheck(probe: ReadyProbe): Record<string, unknown> {
  return {
    test: testOf(probe).map(literal),
    interval: `${probe.interval}ms`,
    // The engine takes 0 for its own default.
    timeout: `${Math.max(1, probe.timeout)}ms`,
    retries: probe.retries,
    start_period: `${probe.startPeriod}ms`,
  }
}

function testOf(probe: ReadyProbe): string[] {
  if ('http' in probe) return script(askHttp, String(probe.http.port), probe.http.path)
  if ('tcp' in probe) return script(listens, `:${probe.tcp.port.toString(16).toUpperCase().padStart(4, '0')}`)
  if ('file' in probe) return script('test -s "$1"', probe.file)
  return typeof probe.cmd === 'string' ? ['CMD', '/bin/sh', '-c', probe.cmd] : ['CMD', ...probe.cmd]
}

function script(text: string, ...words: string[]): string[] {
  return ['CMD', '/bin/sh', '-c', text, 'ready', ...words]
}

/** Ends with 0 when the answer is no error. A proxy that the service uses knows nothing of this address. */
const askHttp = `unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
if command -v curl >/dev/null 2>&1; then
  exec curl -fsS -o /dev/null "http://127.0.0.1:$1$2"
elif command -v wget >/dev/null 2>&1; then
  exec wget -q -O /dev/null "http://127.0.0.1:$1$2"
elif command -v bash >/dev/null 2>&1; then
  exec bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf "GET %s HTTP/1.0\\r\\nHost: localhost:%s\\r\\n\\r\\n" "$2" "$1" >&3
read -r version status rest <&3
case $status in 2* | 3*) exit 0 ;; esac
echo "answered $status" >&2
exit 1' ready "$1" "$2"
fi
echo "this image has none of curl, wget and bash: use ready: tcp, or cmd" >&2
exit 1`

/** Whether something listens on a port, by the kernel's own list: takes no program that an image could lack. */
const listens = `for table in /proc/net/tcp /proc/net/tcp6; do
  while read -r index local remote state rest; do
    case "$state $local" in "0A "*"$1") exit 0 ;; esac
  done 2>/dev/null <"$table"
done
echo "nothing listens on $1" >&2
exit 1`
