import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { AngeeError, didYouMean } from '@angee/core'
import { configFileOf } from './config-file.ts'

/** Where templates are looked for. */
export interface SearchPlace {
  /** What a relative path starts from. */
  directory: string
  /** Where short names are looked for, in this order: there, and in the directories above. */
  roots: readonly string[]
  /** What a short name means: `<root>/templates/<kind>/<name>`. */
  kind: 'workspaces' | 'stacks'
}

/**
 * The directory of a template: a path, or a short name that is looked for in `.templates/<kind>/` and `templates/<kind>/`
 * of the stack root, of the current directory, and of the directories above these. TEMPLATE_NOT_FOUND.
 */
export function locateTemplate(reference: string, place: SearchPlace): string {
  if (/^(\w+:\/\/|[\w.-]+@[\w.-]+:)/.test(reference)) {
    throw new AngeeError(
      'TEMPLATE_NOT_FOUND',
      `"${reference}" is an address, and templates are taken from directories`,
      {
        hint: 'Clone it with git first, then give the directory, or DIRECTORY#REF.',
        context: { reference },
      },
    )
  }
  const candidates = candidatesFor(reference, place)
  const found = candidates.find((directory) => isDirectory(directory) && configFileOf(directory) !== undefined)
  if (found !== undefined) return realpathSync(found)
  const bare = candidates.find(isDirectory)
  if (bare !== undefined && looksLikePath(reference)) {
    throw new AngeeError('TEMPLATE_NOT_FOUND', `${bare} is no template: it has no copier.yml`, {
      hint: 'Give the directory that holds copier.yml.',
      context: { reference, directory: bare },
    })
  }
  throw notFound(reference, place)
}

function candidatesFor(reference: string, place: SearchPlace): string[] {
  if (isAbsolute(reference) || /^\.\.?(\/|$)/.test(reference)) return [resolve(place.directory, reference)]
  const [, kind = place.kind, name = reference] = /^(workspaces|stacks)\/(.+)$/.exec(reference) ?? []
  const named = searchBases(place).flatMap((base) => [
    join(base, '.templates', kind, name),
    join(base, 'templates', kind, name),
  ])
  // `templates/stacks/dev` and `stacks/dev`, as one template of a collection names another.
  const below = reference.includes('/') ? searchBases(place).map((base) => join(base, reference)) : []
  return [...named, ...below, resolve(place.directory, reference)]
}

function searchBases({ roots }: SearchPlace): string[] {
  return [...new Set(roots.flatMap(withParents))]
}

function withParents(directory: string): string[] {
  const parent = dirname(directory)
  return parent === directory ? [directory] : [directory, ...withParents(parent)]
}

function looksLikePath(reference: string): boolean {
  return isAbsolute(reference) || reference.includes('/') || reference === '.' || reference === '..'
}

function notFound(reference: string, place: SearchPlace): AngeeError {
  const known = searchBases(place).flatMap((base) =>
    ['.templates', 'templates'].flatMap((one) => names(join(base, one, place.kind))),
  )
  const there = known.length === 0 ? '' : `There are: ${[...new Set(known)].join(', ')}. `
  return new AngeeError('TEMPLATE_NOT_FOUND', `there is no template "${reference}"`, {
    hint: `${didYouMean(reference, known)}${there}Short names are looked for in templates/${place.kind}/ of the stack and above; else give a directory.`,
    context: { reference },
  })
}

function names(directory: string): string[] {
  if (!isDirectory(directory)) return []
  return readdirSync(directory).filter((name) => configFileOf(join(directory, name)) !== undefined)
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}
