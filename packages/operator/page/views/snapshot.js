import { ask } from '../api.js'
import { h } from '../dom.js'
import { bytes, counted, duration } from '../format.js'
import { action, badge, facts, listed, moment, statusOf, table } from '../parts.js'

const columns = [
  { title: 'Part', head: true, of: ({ part }) => part },
  { title: 'Raw', number: true, of: ({ raw }) => bytes(raw.bytes) },
  { title: 'Stored', number: true, of: ({ stored }) => bytes(stored.bytes) },
  { title: 'Holds', of: holds },
  {
    title: 'Encrypted',
    of: ({ encryption }) => (encryption ? `for ${counted(encryption.recipients.length, 'recipient')}` : 'no'),
  },
]

/** All that is known of one snapshot, and what can be done with it. */
export async function snapshot(reference) {
  const {
    snapshot: found,
    location,
    pinned,
    verified_at: verified,
    damaged_at: damaged,
    proven,
  } = await ask('GET', `/stack/backups/${encodeURIComponent(reference)}`)
  const { id, name, labels, created_at: created, finished_at: finished, purpose, stack, parts, tool } = found
  const state = statusOf({ ...found, damaged_at: damaged })
  const verify = async () => {
    const { id: operation } = await ask('POST', `/stack/backups/${id}/verify`, {})
    location_(`#/operations/${operation}`)
  }
  return {
    title: name ?? `Snapshot ${id.slice(-6)}`,
    content: [
      h(
        'p',
        { class: 'row' },
        h('a', { class: 'button main', href: `#/restore/${id}` }, 'Restore…'),
        action('Verify', verify),
      ),
      facts([
        ['Id', h('code', {}, id)],
        ['Status', [badge(state), pinned && ' pinned until there is a newer complete one']],
        ['Created', moment(created)],
        ['Took', duration(Date.parse(finished) - Date.parse(created))],
        ['Purpose', purpose],
        ['Labels', Object.entries(labels).map(([key, value]) => h('code', {}, `${key}=${value}`, ' '))],
        ['Damaged', damaged && ['found ', moment(damaged)]],
        ['Last verified', damaged ? undefined : (moment(verified) ?? 'never in full')],
        [
          'Restorable',
          proven ? ['proven ', moment(proven.at), `, in ${duration(proven.seconds * 1000)}`] : 'not proven by a drill',
        ],
        ['Stack', `${stack.name} (${stack.root} on ${stack.host})`],
        ['Stored in', location],
        ['Secrets', found.includes_secrets && 'included'],
        ['Written by', `${tool.name} ${tool.version}`],
      ]),
      table('Parts', columns, parts),
      listed(
        'Missing',
        found.missing.map(({ part, message }) => `${part}: ${message}`),
      ),
      listed(
        'Left out',
        found.excluded.map(({ part, path, reason }) => `${part}: ${path} (${reason})`),
      ),
      listed(
        'Warnings',
        found.warnings.map(({ part, path, message }) => `${part}${path ? `: ${path}` : ''}: ${message}`),
      ),
    ],
  }
}

/** `location` is where a snapshot lies, here. */
function location_(hash) {
  globalThis.location.hash = hash
}

function holds({ kind, tree }) {
  if (kind === 'stream' || tree === undefined) return 'what the dump wrote'
  const entries = Object.values(tree.entries).reduce((sum, amount) => sum + amount, 0)
  return `${counted(entries, 'entry').replace('entrys', 'entries')}, ${bytes(tree.bytes)}`
}
