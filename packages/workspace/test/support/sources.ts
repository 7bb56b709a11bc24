import { registerHooks } from 'node:module'

/** Makes a child process see the sources of the packages, as the tests do. */
const packages = new URL('../../../', import.meta.url)

registerHooks({
  resolve: (specifier, context, next) => {
    const [, name, entry] = /^@angee\/([\w-]+)(?:\/([\w-]+))?$/.exec(specifier) ?? []
    if (name === undefined) return next(specifier, context)
    const file = entry === undefined ? 'index.ts' : `${entry}/index.ts`
    return next(new URL(`${name}/src/${file}`, packages).href, context)
  },
})
