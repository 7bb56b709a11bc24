import { ask } from '../api.js'
import { announce, h } from '../dom.js'
import { bytes, counted, duration, time } from '../format.js'
import { action, badge, moment, since, statusOf, table, trouble } from '../parts.js'
import { timeline } from './timeline.js'

const page = 100

const columns = [
  { title: 'Created', head: true, of: ({ id, created_at: at }) => h('a', { href: `#/snapshots/${id}` }, time(at)) },
  { title: 'Age', of: ({ created_at: at }) => since(at) },
  { title: 'Name', of: ({ name }) => name ?? '–' },
  { title: 'Status', of: (one) => [badge(statusOf(one)), one.warnings > 0 && ` ${counted(one.warnings, 'warning')}`] },
  { title: 'Size', number: true, of: ({ parts }) => bytes(parts.reduce((sum, part) => sum + part.stored_bytes, 0)) },
  {
    title: 'Took',
    number: true,
    of: ({ created_at: from, finished_at: to }) => duration(Date.parse(to) - Date.parse(from)),
  },
  { title: 'Parts', number: true, of: ({ parts }) => parts.length },
  { title: 'Last verified', of: ({ verified_at: at }) => since(at) },
  { title: 'Proven', of: ({ proven }) => since(proven?.at) },
]

/** All at one glance: whether it works, what runs, and what there is. */
export async function home(_, signal) {
  const [listing, health, schedules, live] = await Promise.all([
    ask('GET', `/stack/backups?limit=${page}`),
    ask('GET', '/readyz').catch((problem) => problem),
    ask('GET', '/stack/schedules').catch(() => ({ schedules: [], problem: null })),
    ask('GET', '/operations?limit=5&state=running').catch(() => ({ operations: [] })),
  ])
  if (health.status === 401) throw health
  return {
    title: 'Snapshots',
    content: [
      health instanceof Error && trouble(health),
      schedules.problem && trouble(new Error(schedules.problem)),
      listing.damaged_lines.length > 0 &&
        trouble(
          Object.assign(new Error('lines of the catalog cannot be read'), { hint: 'Run: angee stack backup reindex' }),
        ),
      running(live.operations),
      newest(listing.snapshots),
      scheduled(schedules.schedules),
      takeForm(),
      listing.snapshots.length > 0 && timeline(listing.snapshots, listing.next_cursor === null),
      listing.snapshots.length > 0 ? list(listing, signal) : h('p', {}, 'There is no snapshot yet.'),
    ],
  }
}

function newest(snapshots) {
  const good = snapshots.find((one) => statusOf(one) === 'complete')
  if (good === undefined) return snapshots.length > 0 && h('p', {}, 'None of these snapshots is complete.')
  return h('p', { class: 'lead' }, 'The newest complete snapshot was taken ', moment(good.created_at), '.')
}

function running(operations) {
  return (
    operations.length > 0 &&
    h(
      'ul',
      { class: 'card running', 'aria-label': 'Running now' },
      operations.map(({ id, kind }) => h('li', {}, 'Running: ', h('a', { href: `#/operations/${id}` }, kind))),
    )
  )
}

function scheduled(schedules) {
  const columns = [
    { title: 'What', head: true, of: ({ kind }) => kind },
    { title: 'When', of: ({ cron, timezone }) => `${cron} ${timezone}` },
    { title: 'Next', of: ({ next_at: at }) => (at === null ? 'never' : moment(at)) },
    { title: 'Last', of: ({ last }) => (last === null ? '–' : [badge(last.state), last.code && ` ${last.code}`]) },
    {
      title: 'Succeeded',
      of: ({ succeeded_at: at, overdue_since: due }) => [since(at), due && [' ', badge('overdue')]],
    },
  ]
  return schedules.length > 0 && table('Schedules', columns, schedules)
}

function takeForm() {
  const name = h('input', { id: 'name', maxlength: 100, placeholder: 'optional', autocomplete: 'off' })
  const take = async () => {
    const { id } = await ask('POST', '/stack/backup', name.value === '' ? {} : { name: name.value })
    location.hash = `#/operations/${id}`
  }
  return h(
    'div',
    { class: 'row' },
    h('label', { for: 'name' }, 'Name'),
    name,
    action('Take a snapshot', take, { class: 'main' }),
  )
}

/** The newest first; older ones are fetched on demand, so that ten thousand cost no more than the first hundred. */
function list(first, signal) {
  const shown = table('All snapshots', columns, first.snapshots)
  const body = shown.querySelector('tbody')
  let cursor = first.next_cursor
  const more = action('Show older', async () => {
    const next = await ask('GET', `/stack/backups?limit=${page}&cursor=${cursor}`)
    if (signal.aborted) return
    body.append(...table('', columns, next.snapshots).querySelector('tbody').children)
    cursor = next.next_cursor
    announce(`${counted(next.snapshots.length, 'snapshot')} more`)
    if (cursor === null) more.remove()
  })
  return h('div', {}, shown, cursor !== null && more)
}
