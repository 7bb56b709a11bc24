import { AngeeError } from '@angee/core'

const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/** Where a request says it goes to, and which page sent it. */
export interface Sender {
  host: string | undefined
  origin: string | undefined
  site: string | undefined
  /** An address, or `unix`. */
  address: string
}

/**
 * Refuses what a page in somebody's browser could have sent: a request for a host that is not ours (a name that was made
 * to lead here), and one of another origin. `allowed` are names besides those of this machine. FORBIDDEN.
 */
export function refuseForeignPages({ host, origin, site, address }: Sender, allowed: readonly string[]): void {
  // No browser speaks to a socket of this machine.
  const names = [...loopbackNames, ...allowed].map((name) => name.toLowerCase())
  if (address !== 'unix' && !names.includes(withoutPort(host ?? ''))) {
    throw new AngeeError('FORBIDDEN', `this operator is not "${host ?? ''}"`, {
      hint: 'Call it by an address of this machine, or start it with --allow-host NAME.',
      context: { host: host ?? null },
    })
  }
  const foreign = origin !== undefined && !(isUrl(origin) && names.includes(withoutPort(new URL(origin).host)))
  if (!foreign && site !== 'cross-site') return
  throw new AngeeError('FORBIDDEN', `pages of ${origin ?? 'another site'} may not call this operator`, {
    hint: 'Call it from a program, or from a page that it serves itself.',
    context: { origin: origin ?? null },
  })
}

function withoutPort(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '')
}

function isUrl(text: string): boolean {
  return URL.canParse(text)
}
