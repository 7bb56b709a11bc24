import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { AngeeError } from '@angee/core'
import type { FindSource, Source } from '../jinja/index.ts'
import { isInside } from './inside.ts'
import type { Template } from './model.ts'

/**
 * Finds what templates include: relative to the file that names it, to the directory that is rendered, or to the
 * template. Nothing outside of its `include_root` is read. TEMPLATE_ESCAPES.
 */
export function findIn(template: Pick<Template, 'directory' | 'includeRoot' | 'label'>, rendered: string): FindSource {
  return (name, from) => {
    const bases = [dirname(from.key), rendered, template.directory]
    const present = [...new Set(bases.map((base) => join(base, name)))].filter(isFile).map((path) => realpathSync(path))
    const path = present.find((one) => isInside(one, template.includeRoot))
    if (path !== undefined) return readSource(path, template)
    if (present.length === 0) return undefined
    throw new AngeeError(
      'TEMPLATE_ESCAPES',
      `${from.label} includes "${name}", which lies outside of ${template.includeRoot}`,
      {
        hint: 'Set _angee.include_root in copier.yml to the directory that both lie in, for example "../..".',
        context: { file: from.label, include: name },
      },
    )
  }
}

/** A file of a template as text. TEMPLATE_INVALID when it is not UTF-8. */
export function readSource(path: string, template: Pick<Template, 'directory' | 'label'>): Source {
  const label = join(template.label, relative(template.directory, path))
  const text = decode(readFileSync(path))
  if (text !== undefined) return { key: path, label, text }
  throw new AngeeError('TEMPLATE_INVALID', `${label} is to be rendered, and is not UTF-8`, {
    hint: 'Save it as UTF-8, or take the suffix of templates from its name, so that it is copied as it is.',
    context: { file: label },
  })
}

/** Text, or undefined for what is none. */
export function decode(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}
