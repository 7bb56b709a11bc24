import { basename, dirname, join, relative, resolve } from 'node:path'
import { AngeeError } from '@angee/core'
import { angeeBlockOf } from './angee-block.ts'
import { configFileOf, readConfigFile } from './config-file.ts'
import { checkoutOf, treeOfCommit } from './git.ts'
import { isInside } from './inside.ts'
import { locateTemplate, type SearchPlace } from './locate.ts'
import type { Template } from './model.ts'
import { questionsOf } from './questions.ts'
import { settingsOf } from './settings.ts'

interface Directory {
  directory: string
  /** Nothing of a template may come from outside of it. */
  collection: string
  commit: string | undefined
  remove(): Promise<void>
}

/**
 * Opens a template: reads and checks its `copier.yml`. `reference` is a directory, a short name, or one of them with
 * `#ref`, which takes it from that commit of the git checkout it lies in.
 * TEMPLATE_NOT_FOUND, TEMPLATE_INVALID with line and column, TEMPLATE_ESCAPES.
 */
export async function openTemplate(reference: string, place: SearchPlace, signal: AbortSignal): Promise<Template> {
  const found = await directoryOf(reference, place, signal)
  try {
    return readTemplate(reference, found)
  } catch (error) {
    await found.remove()
    throw error
  }
}

function readTemplate(reference: string, { directory, collection, commit, remove }: Directory): Template {
  const label = join(basename(dirname(directory)), basename(directory))
  const config = readConfigFile(directory, configFileOf(directory) ?? 'copier.yml', label)
  const { settings, secretQuestions, notes } = settingsOf(config)
  const { angee, inputs, notes: furtherNotes } = angeeBlockOf(config)
  const includeRoot = resolve(directory, angee.includeRoot ?? '.')
  if (!isInside(includeRoot, collection)) {
    throw new AngeeError(
      'TEMPLATE_ESCAPES',
      `${label}: include_root "${angee.includeRoot}" leads out of ${collection}`,
      {
        hint: 'Includes may come from the git checkout of the template, or from its templates/ directory.',
        context: { template: reference, includeRoot: angee.includeRoot },
      },
    )
  }
  return {
    reference,
    directory,
    label,
    commit,
    includeRoot,
    questions: questionsOf(config, inputs, secretQuestions),
    settings,
    angee,
    notes: [...notes, ...furtherNotes],
    [Symbol.asyncDispose]: remove,
  }
}

async function directoryOf(reference: string, place: SearchPlace, signal: AbortSignal): Promise<Directory> {
  const [, path, ref] = /^(.*)#([^#]+)$/.exec(reference) ?? []
  if (path === undefined || ref === undefined || path === '') {
    const directory = locateTemplate(reference, place)
    return { directory, collection: collectionOf(directory), commit: undefined, remove: async () => undefined }
  }
  const { checkout, below } = checkoutBehind(path, place)
  const { top, commit, remove } = await treeOfCommit(checkout, ref, signal)
  try {
    const directory = locateTemplate(join(top, below), { ...place, directory: top, roots: [] })
    return { directory, collection: top, commit, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** The checkout, and the way from its top to the template. The template may exist only in that commit. */
function checkoutBehind(path: string, place: SearchPlace): { checkout: string; below: string } {
  const directory = isPlainPath(path) ? resolve(place.directory, path) : locateTemplate(path, place)
  const checkout = checkoutOf(directory)
  if (checkout !== undefined) return { checkout, below: relative(checkout, directory) }
  throw new AngeeError(
    'TEMPLATE_NOT_FOUND',
    `${directory} lies in no git checkout, so it has no commits to choose from`,
    {
      hint: 'Give the directory without "#…".',
      context: { reference: path },
    },
  )
}

function isPlainPath(path: string): boolean {
  return path.startsWith('/') || /^\.\.?(\/|$)/.test(path)
}

/** The checkout, else the nearest directory of templates, else the template alone. */
function collectionOf(directory: string): string {
  const checkout = checkoutOf(directory)
  if (checkout !== undefined) return checkout
  for (let at = directory; at !== dirname(at); at = dirname(at))
    if (['templates', '.templates'].includes(basename(at))) return at
  return directory
}
