import { h } from './dom.js'
import { age, time } from './format.js'

/** A table with a caption. Columns: {title, of(row), number?}. */
export function table(caption, columns, rows) {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h('caption', {}, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map(({ title, number }) => h('th', { scope: 'col', class: number && 'number' }, title)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            columns.map(({ of, number, head, title }) =>
              h(head ? 'th' : 'td', { scope: head && 'row', class: number && 'number', 'data-title': title }, of(row)),
            ),
          ),
        ),
      ),
    ),
  )
}

/** Terms and what they are; those without a value are left out. */
export function facts(pairs) {
  return h(
    'dl',
    {},
    pairs
      .filter(([, value]) => value !== undefined && value !== null && value !== '' && value?.length !== 0)
      .map(([term, value]) => [h('dt', {}, term), h('dd', {}, value)]),
  )
}

/** A moment, with how long ago it was. */
export function moment(iso) {
  return iso ? h('time', { datetime: iso, title: iso }, `${time(iso)} (${age(iso)})`) : undefined
}

/** How long ago, with the moment on demand. */
export function since(iso, otherwise = 'never') {
  return iso ? h('time', { datetime: iso, title: time(iso) }, age(iso)) : otherwise
}

/** A word for a state; its look says the same once more. */
export function badge(word, kind = word) {
  return h('span', { class: `badge ${kind}` }, word)
}

export function statusOf({ status, purpose, damaged_at: damaged }) {
  if (damaged) return 'damaged'
  return purpose === 'safety' && status === 'complete' ? 'safety' : status
}

/** What went wrong, with what to do now. */
export function trouble(problem) {
  return h(
    'div',
    { class: 'trouble', role: 'alert' },
    h('p', {}, h('strong', {}, problem.message)),
    problem.hint && h('p', {}, problem.hint),
    problem.code && h('p', { class: 'code' }, problem.code),
  )
}

/** A list under a heading, or nothing when it is empty. */
export function listed(title, lines) {
  return (
    lines.length > 0 &&
    h(
      'section',
      {},
      h('h2', {}, title),
      h(
        'ul',
        {},
        lines.map((line) => h('li', {}, line)),
      ),
    )
  )
}

/** A button that is out of use while what it does is under way; what goes wrong is shown behind it. */
export function action(label, act, attributes = {}) {
  const button = h('button', { type: 'button', ...attributes, onclick: run }, label)
  async function run() {
    button.disabled = true
    button.parentElement?.querySelector(':scope > .trouble')?.remove()
    try {
      await act()
    } catch (problem) {
      button.after(trouble(problem))
    } finally {
      button.disabled = false
    }
  }
  return button
}
