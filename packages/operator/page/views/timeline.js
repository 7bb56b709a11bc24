import { h } from '../dom.js'
import { counted, date } from '../format.js'
import { statusOf } from '../parts.js'

const marks = { complete: '●', partial: '◐', damaged: '✕', none: '·' }
const days = 30

/**
 * The last thirty days, each with the best that was taken on it; as far back as `snapshots`, the newest first, go. What
 * the marks say is said in words too.
 */
export function timeline(snapshots, isAll, now = new Date()) {
  const oldest = snapshots.at(-1)
  const byDay = Map.groupBy(snapshots, ({ created_at: at }) => keyOf(new Date(at)))
  const shown = []
  let first
  for (let back = days - 1; back >= 0; back--) {
    const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() - back)
    // A day that is not known is not one without a snapshot.
    if (!isAll && oldest && keyOf(day) < keyOf(new Date(oldest.created_at))) continue
    first ??= day
    shown.push(cell(day, byDay.get(keyOf(day)) ?? []))
  }
  return h(
    'section',
    { 'aria-labelledby': 'days' },
    h('h2', { id: 'days' }, `The last ${counted(shown.length, 'day')}`),
    h('ol', { class: 'days' }, shown),
    h('p', { class: 'legend ends', 'aria-hidden': 'true' }, h('span', {}, date(first)), h('span', {}, 'today')),
    h('p', { class: 'legend', 'aria-hidden': 'true' }, '● complete  ◐ partial  ✕ damaged  · none'),
  )
}

function cell(day, snapshots) {
  const states = snapshots.map(statusOf)
  const best = ['complete', 'partial', 'damaged'].find((state) => states.includes(state)) ?? 'none'
  const words = ['complete', 'partial', 'damaged', 'safety']
    .map((state) => [state, states.filter((one) => one === state).length])
    .flatMap(([state, amount]) => (amount === 0 ? [] : `${amount} ${state}`))
  const said = `${date(day)}: ${words.length === 0 ? 'none' : words.join(', ')}`
  return h(
    'li',
    { class: best, title: said },
    h('span', { 'aria-hidden': 'true' }, marks[best]),
    h('span', { class: 'quiet' }, said),
  )
}

function keyOf(day) {
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(day.getDate()).padStart(2, '0')}`
}
