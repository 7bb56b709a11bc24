import { ask, signOut } from './api.js'
import { announce, h } from './dom.js'
import { trouble } from './parts.js'
import { home } from './views/home.js'
import { operation } from './views/operation.js'
import { operations } from './views/operations.js'
import { restore } from './views/restore.js'
import { signInForm } from './views/sign-in.js'
import { snapshot } from './views/snapshot.js'

/** A view gives {title, content}; `signal` aborts when another one takes its place. */
const views = [
  [/^#?\/?$/, home],
  [/^#\/snapshots\/([^/]+)$/, snapshot],
  [/^#\/restore\/([^/]+)$/, restore],
  [/^#\/operations$/, operations],
  [/^#\/operations\/([^/]+)$/, operation],
]

const main = document.getElementById('main')
let leaving = new AbortController()

async function show() {
  leaving.abort()
  leaving = new AbortController()
  const { signal } = leaving
  // The link that skips to the content is no view.
  if (location.hash === '#main') return
  const [found] = views.flatMap(([pattern, view]) => {
    const match = pattern.exec(location.hash)
    return match ? [{ view, argument: match[1] === undefined ? undefined : decodeURIComponent(match[1]) }] : []
  })
  main.setAttribute('aria-busy', 'true')
  try {
    if (found === undefined)
      throw Object.assign(new Error('there is no such page'), { hint: 'Go back to the snapshots.' })
    const shown = await found.view(found.argument, signal)
    if (!signal.aborted) put(shown)
  } catch (problem) {
    if (signal.aborted) return
    if (problem.status === 401) ask401(problem)
    else
      put({
        title: problem.status === 404 || found === undefined ? 'Not found' : 'This cannot be shown',
        content: [trouble(problem), h('p', {}, h('a', { href: '#/' }, 'Back to the snapshots'))],
      })
  } finally {
    if (!signal.aborted) main.removeAttribute('aria-busy')
  }
}

function put({ title, content }) {
  document.title = `${title} – angee`
  document.getElementById('nav').hidden = false
  const heading = h('h1', { tabindex: -1 }, title)
  main.replaceChildren(heading, ...[content].flat(Infinity).filter((one) => one instanceof Node))
  for (const link of document.querySelectorAll('nav a')) {
    const here =
      link.hash === '#/' ? /^(#\/?)?$|^#\/(snapshots|restore)/.test(location.hash) : location.hash.startsWith(link.hash)
    if (here) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  heading.focus()
  announce('')
  name()
}

/** The stack's name stands above every view. */
async function name() {
  const { stack } = await ask('GET', '/readyz').catch(() => ({}))
  if (stack) document.getElementById('stack').textContent = stack
}

function ask401(problem) {
  document.getElementById('nav').hidden = true
  document.title = 'Sign in – angee'
  document.getElementById('stack').textContent = 'angee'
  const form = signInForm(problem, show)
  main.replaceChildren(form)
  form.querySelector('input').focus()
}

document.getElementById('sign-out').addEventListener('click', () => {
  signOut()
  location.hash = '#/'
  show()
})
addEventListener('hashchange', show)
show()
