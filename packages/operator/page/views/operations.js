import { ask } from '../api.js'
import { h } from '../dom.js'
import { duration, time } from '../format.js'
import { badge, since, table } from '../parts.js'

const columns = [
  { title: 'Asked for', head: true, of: ({ id, created_at: at }) => h('a', { href: `#/operations/${id}` }, time(at)) },
  { title: 'Age', of: ({ created_at: at }) => since(at) },
  { title: 'What', of: ({ kind }) => kind },
  { title: 'State', of: ({ state, error }) => [badge(state), error && ` ${error.code}`] },
  {
    title: 'Took',
    number: true,
    of: ({ started_at: from, ended_at: to }) => (from && to ? duration(Date.parse(to) - Date.parse(from)) : '–'),
  },
  { title: 'By', of: ({ requested_by: by }) => by.name },
]

/** What was asked of the operator, the newest first. */
export async function operations() {
  const { operations: all } = await ask('GET', '/operations?limit=100')
  return {
    title: 'Operations',
    content:
      all.length > 0 ? table('The last operations', columns, all) : h('p', {}, 'Nothing has been asked for yet.'),
  }
}
