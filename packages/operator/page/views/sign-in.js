import { authorization, signIn } from '../api.js'
import { h } from '../dom.js'
import { trouble } from '../parts.js'

/** Asks for a token. `again` is called when there is one to try. */
export function signInForm(problem, again) {
  const field = h('input', { id: 'token', type: 'password', autocomplete: 'off', spellcheck: 'false', required: true })
  const tried = 'authorization' in authorization()
  return h(
    'form',
    {
      class: 'card sign-in',
      onsubmit: (event) => {
        event.preventDefault()
        signIn(field.value.trim())
        again()
      },
    },
    h('h1', {}, 'Sign in'),
    tried && trouble(problem),
    h('label', { for: 'token' }, 'Token'),
    field,
    h('button', { class: 'main' }, 'Sign in'),
    h('p', {}, 'Mint one where the stack is: ', h('code', {}, 'angee operator token mint --scope admin')),
    h('p', {}, 'It stays in this tab, and is forgotten when the tab is closed.'),
  )
}
