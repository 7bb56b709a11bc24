import { ask } from '../api.js'
import { announce, h } from '../dom.js'
import { bytes } from '../format.js'
import { action, badge, facts, listed, moment, table, trouble } from '../parts.js'

/** What each action does, in words. */
const does = {
  replace: 'replaced by what is in the snapshot',
  create: 'made',
  empty: 'emptied',
  load: 'loaded into the service',
  keep: 'stays as it is',
  skip: 'left out',
}

const columns = [
  { title: 'Part', head: true, of: ({ part }) => part },
  {
    title: 'What happens',
    of: ({ action: what }) => [
      badge(what, what === 'keep' || what === 'skip' ? 'none' : 'changes'),
      ` ${does[what] ?? ''}`,
    ],
  },
  { title: 'Size', number: true, of: ({ bytes: size }) => bytes(size) },
  { title: 'Where', of: ({ detail }) => detail },
]

/** The plan of a restore, and doing it once it has been read. */
export async function restore(reference) {
  const { stack } = await ask('GET', '/readyz')
  const { wish, plan, notice } = await planned({ snapshot: reference })
  const place = h('div', {})
  show({ place, wish, stack }, plan, notice)
  return { title: `Restore ${plan.snapshot.name ?? plan.snapshot.id}`, content: place }
}

/** Of a partial snapshot the plan is shown too, and said of it that it is partial. */
async function planned(wish) {
  try {
    return { wish, plan: await ask('POST', '/stack/restore/plan', wish) }
  } catch (problem) {
    if (problem.code !== 'SNAPSHOT_PARTIAL') throw problem
    const partial = { ...wish, allow_partial: true }
    const notice = Object.assign(new Error('this snapshot is partial'), { hint: 'What it lacks stays as it is.' })
    return { wish: partial, plan: await ask('POST', '/stack/restore/plan', partial), notice }
  }
}

function show(target, plan, notice) {
  const { place, stack } = target
  const { snapshot, root, parts, services, safety, space, unfinished } = plan
  place.replaceChildren(
    ...[
      notice && trouble(notice),
      h(
        'p',
        { class: 'lead' },
        'Nothing has been done yet. This is what would happen to ',
        h('strong', {}, stack),
        ` in ${root}.`,
      ),
      facts([
        ['Snapshot', h('a', { href: `#/snapshots/${snapshot.id}` }, snapshot.name ?? snapshot.id)],
        ['Taken', moment(snapshot.created_at)],
        [
          'Safety snapshot',
          safety.wanted
            ? `of ${safety.parts.join(', ') || 'what is there'}, taken first`
            : 'none: there is nothing to lose',
        ],
        ['Services stopped', services.stopped.join(', ') || 'none'],
        ['Services started again', services.started.join(', ') || 'none'],
        ['Room needed', `${bytes(space.needed)} of ${bytes(space.free)} free in ${space.directory}`],
      ]),
      table('What happens to each part', columns, parts),
      listed(
        'Stays as it is, inside',
        parts.flatMap(({ part, keep }) => keep.map((path) => `${part}: ${path}`)),
      ),
      listed(
        'Unfinished operations, dealt with first',
        unfinished.map(({ type, id }) => `${type} ${id}`),
      ),
      confirmation(target, plan),
    ].filter((one) => one instanceof Node),
  )
}

function confirmation(target, plan) {
  const { wish, stack } = target
  const typed = h('input', {
    id: 'confirm',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    oninput: () => update(),
  })
  const button = action('Restore', begin, { class: 'danger', disabled: true })
  function update() {
    button.disabled = typed.value.trim() !== stack
  }
  function submit(event) {
    event.preventDefault()
    if (!button.disabled) button.click()
  }
  async function begin() {
    try {
      const { id } = await ask('POST', '/stack/restore', { ...wish, snapshot: plan.snapshot.id, plan: plan.digest })
      location.hash = `#/operations/${id}`
    } catch (problem) {
      if (problem.code !== 'PLAN_NOT_CONFIRMED' || problem.plan === undefined) throw problem
      announce('The plan has changed. Read it again.')
      const changed = Object.assign(new Error('the plan has changed since you read it'), {
        hint: 'This is the plan as it is now. Read it again.',
      })
      show(target, problem.plan, changed)
    }
  }
  return h(
    'form',
    { class: 'card', onsubmit: submit },
    h('label', { for: 'confirm' }, 'To go on, type the name of the stack: ', h('strong', {}, stack)),
    h(
      'div',
      { class: 'row' },
      typed,
      button,
      h('a', { class: 'button', href: `#/snapshots/${plan.snapshot.id}` }, 'Do not restore'),
    ),
  )
}
