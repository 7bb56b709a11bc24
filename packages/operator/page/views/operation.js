import { ask } from '../api.js'
import { announce, h } from '../dom.js'
import { follow } from '../events.js'
import { bytes, duration } from '../format.js'
import { action, badge, facts, moment, trouble } from '../parts.js'

/** A screen reader is told of progress this often at most. Milliseconds. */
const breath = 5_000
/** So many lines of output are shown; a job may write for days. */
const mostLines = 500

/** One operation, as it goes on. */
export async function operation(id, signal) {
  const record = await ask('GET', `/operations/${encodeURIComponent(id)}`)
  const place = h('div', {}, head(record))
  const progress = progressOf()
  const cancel = action('Cancel', () => ask('POST', `/operations/${id}/cancel`), { class: 'danger' })
  const content = [place, progress.element, h('p', { class: 'row' }, cancel)]

  const show = (now) => {
    place.replaceChildren(head(now), outcome(now) ?? '')
    if (now.ended_at !== null) cancel.remove()
  }
  show(record)
  follow(id, progress.event, signal)
    .then(() => ask('GET', `/operations/${encodeURIComponent(id)}`))
    .then((ended) => {
      if (signal.aborted) return
      show(ended)
      progress.end()
      announce(`${ended.kind} ${ended.state}`)
    })
    .catch((problem) => !signal.aborted && place.append(trouble(problem)))
  return { title: `${record.kind} ${id.slice(-6)}`, content }
}

function head({
  id,
  kind,
  state,
  requested_by: by,
  created_at: created,
  started_at: started,
  ended_at: ended,
  warnings,
}) {
  return facts([
    ['What', kind],
    ['State', badge(state)],
    ['Asked for', [moment(created), ` by ${by.name}`]],
    ['Took', started && ended ? duration(Date.parse(ended) - Date.parse(started)) : undefined],
    ['Warnings', warnings > 0 ? String(warnings) : undefined],
    ['Id', h('code', {}, id)],
  ])
}

function outcome({ error, result, state }) {
  if (error) return trouble(error)
  const snapshot = result?.snapshot
  if (state !== 'succeeded' || !snapshot?.id) return undefined
  return h('p', {}, 'Snapshot: ', h('a', { href: `#/snapshots/${snapshot.id}` }, snapshot.name ?? snapshot.id))
}

/** What an operation tells of itself: its phase, its parts, and what is worth a line. */
function progressOf() {
  const phase = h('p', { class: 'lead' })
  const parts = h('ul', { class: 'parts' })
  const log = h('ol', { class: 'log' })
  const known = new Map()
  let toldAt = 0

  function tell(text) {
    phase.textContent = text
    if (Date.now() - toldAt < breath) return
    toldAt = Date.now()
    announce(text)
  }

  function line(text, kind) {
    log.append(h('li', { class: kind }, text))
    if (log.children.length > mostLines) log.firstElementChild.remove()
  }

  function part({ part: name, state, bytes: done, total_bytes: total, message }) {
    let row = known.get(name)
    if (row === undefined) {
      row = { bar: h('progress', { 'aria-label': name, max: 1 }), text: h('span', { class: 'number' }) }
      known.set(name, row)
      parts.append(h('li', {}, h('span', {}, name), row.bar, row.text))
    }
    if (state === 'done' || state === 'skipped') row.bar.value = 1
    else if (total > 0) row.bar.value = Math.min(1, done / total)
    if (state === 'failed') row.bar.removeAttribute('value')
    row.text.textContent = `${bytes(done)}${total > 0 && state === 'progress' ? ` of ${bytes(total)}` : ''} ${state === 'progress' || state === 'started' ? '' : state}`
    if (state === 'failed' && message) line(`${name}: ${message}`, 'failed')
  }

  return {
    element: h('section', { 'aria-label': 'Progress' }, phase, parts, log),
    event: (event) => {
      if (event.type === 'phase') tell(event.message)
      else if (event.type === 'part') part(event)
      else if (event.type === 'warning') line(`${event.warning.part}: ${event.warning.message}`, 'partial')
      else if (event.type === 'note') line(event.message)
      else if (event.type === 'output') line(event.line)
      else if (event.type === 'broken') tell('The connection is lost; it is made again.')
    },
    end: () => {
      phase.textContent = ''
    },
  }
}
