/**
 * An element. What comes from the API becomes text and attributes, never markup: the page makes no HTML out of strings.
 * @param {string} tag
 * @param {Record<string, unknown>} attributes `on…` are listeners; true is an attribute without a value
 * @param {...(Node | string | number | null | undefined | false | unknown[])} children
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.flat(Infinity).filter(isThere).map(asNode))
  return element
}

function isThere(child) {
  return child !== null && child !== undefined && child !== false
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child))
}

/** Says it to whoever cannot see the page, when they have heard what comes before. */
export function announce(text) {
  document.getElementById('status').textContent = text
}
