const key = 'angee-token'

/** What the operator says when something cannot be done: RFC 9457. */
export class Problem extends Error {
  constructor({ status, code, detail, hint, plan }) {
    super(detail)
    Object.assign(this, { status, code, hint, plan })
  }
}

/** The token is forgotten when the tab is closed. */
export function signIn(token) {
  sessionStorage.setItem(key, token)
}

export function signOut() {
  sessionStorage.removeItem(key)
}

/** With these every request goes. Where a proxy adds the token, there is none here. */
export function authorization() {
  const token = sessionStorage.getItem(key)
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

/** Asks the operator and gives what it answers. Throws a Problem. */
export async function ask(method, path, body) {
  const answer = await send(method, path, body)
  const text = await answer.text()
  const value = parsed(text)
  if (answer.ok) return value
  throw new Problem(
    value?.code ? value : { status: answer.status, code: 'UNKNOWN', detail: `the answer was ${answer.status}` },
  )
}

async function send(method, path, body) {
  const headers = { ...authorization() }
  if (body !== undefined) headers['content-type'] = 'application/json'
  try {
    return await fetch(path, {
      method,
      headers,
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch {
    throw new Problem({
      status: 0,
      code: 'OPERATOR_UNAVAILABLE',
      detail: 'the operator does not answer',
      hint: 'See whether it still runs.',
    })
  }
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
