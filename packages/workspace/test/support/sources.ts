import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'

const packages = new URL('../../../', import.meta.url)

/** Lets a child process of a test see the sources of every package, as the tests themselves do. */
registerHooks({
  resolve(specifier, context, next) {
    const [, name, entry = ''] = /^@angee\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? []
    if (name === undefined) return next(specifier, context)
    const candidates = [`${name}/src/${entry}/index.ts`, `${name}/src/${entry}.ts`]
    const found = candidates.map((path) => new URL(path, packages)).find((url) => existsSync(url))
    return next(found?.href ?? specifier, context)
  },
})
