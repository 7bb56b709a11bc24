import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'

const packages = new URL('../../../', import.meta.url)

/** Lets a plain node process use the sources of every package, as the tests do, so that no build is needed first. */
registerHooks({
  resolve: (specifier, context, next) => {
    const [, name = '', entry = ''] = /^@angee\/([a-z0-9-]+)(?:\/(.+))?$/.exec(specifier) ?? []
    if (name === '') return next(specifier, context)
    const candidates = entry === '' ? ['index.ts'] : [`${entry}.ts`, `${entry}/index.ts`]
    const found = candidates.map((one) => new URL(`${name}/src/${one}`, packages)).find((url) => existsSync(url))
    return next(found?.href ?? specifier, context)
  },
})
