import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AngeeError, type Context } from '@angee/core'
import type { Jinja } from '../jinja/index.ts'
import { decode, readSource, type Template } from '../template/index.ts'
import type { Destination } from './destination.ts'
import type { Matches } from './patterns.ts'
import { type Entry, entriesOf } from './walk.ts'

/** Everything one rendering needs. */
export interface Rendering {
  template: Template
  jinja: Jinja
  variables: Readonly<Record<string, unknown>>
  destination: Destination
  /** Where in the destination the template begins. */
  base: string
  isExcluded: Matches
  isSkippedIfThere: Matches
  ctx: Context
}

const deepest = 64

/** Renders a directory of the template into `into`, relative to where the template begins. */
export async function renderDirectory(directory: string, into: string, rendering: Rendering, depth = 0): Promise<void> {
  const { template, ctx } = rendering
  if (depth > deepest) throw tooDeep(directory)
  const entries = await entriesOf(directory, template)
  for (const entry of entries) {
    ctx.signal.throwIfAborted()
    if (depth === 0 && entry.name === '.git') continue
    if (hasTemplatedTwin(entry, entries, rendering)) continue
    const name = renderedName(entry, rendering)
    if (name === undefined) continue
    const below = join(into, rendering.destination.pathOf(name, entry.label))
    const path = below === '.' ? '' : below
    if (path !== '' && rendering.isExcluded(entry.kind === 'directory' ? `${path}/` : path)) continue
    await renderEntry(entry, path, rendering, depth)
  }
}

async function renderEntry(entry: Entry, path: string, rendering: Rendering, depth: number): Promise<void> {
  const { destination, base, isSkippedIfThere } = rendering
  const target = join(base, path)
  if (entry.kind === 'directory') {
    await destination.makeDirectory(target, entry.label)
    return renderDirectory(entry.path, path, rendering, depth + 1)
  }
  if (isSkippedIfThere(path) && (await destination.exists(target))) return
  if (entry.kind === 'link') return destination.writeLink(target, entry.target, entry.label)
  await destination.writeFile(target, await contentOf(entry, rendering), entry.mode, entry.label)
}

/** Of `x` and `x.jinja` the second one is meant. */
function hasTemplatedTwin({ name, kind }: Entry, entries: readonly Entry[], { template }: Rendering): boolean {
  const { suffix } = template.settings
  return kind !== 'directory' && suffix !== '' && entries.some((other) => other.name === name + suffix)
}

/** The name without the suffix of templates, rendered; undefined for what is left out. */
function renderedName(
  { name, kind, path, label }: Entry,
  { template, jinja, variables }: Rendering,
): string | undefined {
  const { suffix, jinja: settings } = template.settings
  const isTemplate = kind !== 'directory' && suffix !== '' && name.endsWith(suffix)
  const bare = isTemplate ? name.slice(0, -suffix.length) : name
  const { variableStart, blockStart } = settings.delimiters
  if (!bare.includes(variableStart) && !bare.includes(blockStart)) return bare === '' ? undefined : bare
  const rendered = jinja.render({ key: `${path}#name`, label: `the name of ${label}`, text: bare }, variables)
  return rendered.trim() === '' ? undefined : rendered
}

async function contentOf({ name, path }: Entry, { template, jinja, variables }: Rendering): Promise<Uint8Array> {
  const { suffix } = template.settings
  const bytes = await readFile(path)
  // Without a suffix every text is a template, and what is no text is copied.
  if (!name.endsWith(suffix) || (suffix === '' && decode(bytes) === undefined)) return bytes
  return Buffer.from(jinja.render(readSource(path, template), variables))
}

function tooDeep(directory: string): AngeeError {
  return new AngeeError('TEMPLATE_INVALID', `${directory} lies more than ${deepest} directories deep`, {
    hint: 'Look for a symbolic link to a directory above itself.',
    context: { directory },
  })
}
