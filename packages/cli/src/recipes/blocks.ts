import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml'

/** Whole lines of YAML that belong together, without the indentation they have in common. */
export interface Block {
  /** The key they begin with. */
  name: string
  lines: string[]
}

/** The pieces of a recipe that go into a manifest. A recipe has exactly one service. */
export interface RecipeBlocks {
  secrets: Block[]
  persist: Block[]
  service: Block
  hook: Block
  /** Persist entries that its dump stands for. */
  covers: string[]
}

/** Takes a recipe's `container.yaml` or `local.yaml` apart. The service, and what is named after it, gets that name. */
export function recipeBlocks(text: string, service?: string): RecipeBlocks {
  const renamed = service === undefined ? text : rename(text, service)
  const document = parseDocument(renamed)
  const services = sectionOf(document.contents, 'services')
  const declared = services?.items[0]?.value
  const hook = isMap(declared) ? pairOf(declared, 'backup') : undefined
  const [block] = blocksIn(renamed, services)
  if (!isMap(declared) || !hook || !block || !isMap(hook.value)) throw new Error('a recipe has a service with a hook')
  const [hookBlock] = blocksIn(renamed, declared).filter(({ name }) => name === 'backup')
  if (!hookBlock) throw new Error('a recipe has a service with a hook')
  return {
    secrets: blocksIn(renamed, sectionOf(document.contents, 'secrets')),
    persist: blocksIn(renamed, sectionOf(document.contents, 'persist')),
    service: block,
    hook: hookBlock,
    covers: (hook.value.toJSON() as { covers?: string[] }).covers ?? [],
  }
}

/** The names that a recipe gives, with the service's own in front instead of the recipe's. */
function rename(text: string, service: string): string {
  const document = parseDocument(text)
  const [own = ''] = keysOf(sectionOf(document.contents, 'services'))
  if (own === service) return text
  const derived = (name: string): string => {
    if (name === own) return service
    return name.startsWith(`${own}-`) ? service + name.slice(own.length) : `${service}-${name}`
  }
  let renamed = text.replace(new RegExp(`^ {2}${own}:`, 'm'), `  ${service}:`)
  for (const name of keysOf(sectionOf(document.contents, 'secrets'))) {
    renamed = renamed.replaceAll(new RegExp(`(^ {2}|secret\\.)${name}(?=[:}])`, 'gm'), `$1${derived(name)}`)
  }
  for (const name of keysOf(sectionOf(document.contents, 'persist'))) {
    const pattern = new RegExp(`(^ {2}|persist://|persist\\.|covers: \\[)${name}(?=[:}\\]])`, 'gm')
    renamed = renamed.replaceAll(pattern, `$1${derived(name)}`)
  }
  return renamed.replaceAll(/(\.\/data\/)([\w-]+)/g, (_, directory, name) => directory + derived(name))
}

function sectionOf(root: unknown, key: string): YAMLMap | undefined {
  const value = isMap(root) ? pairOf(root, key)?.value : undefined
  return isMap(value) ? value : undefined
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

function keysOf(map: YAMLMap | undefined): string[] {
  return map?.items.map(({ key }) => (isScalar(key) ? String(key.value) : '')) ?? []
}

/** Each entry of a mapping with the comments right above it. */
function blocksIn(text: string, map: YAMLMap | undefined): Block[] {
  const lines = text.split('\n')
  const starts = (map?.items ?? []).map(({ key }) => {
    const offset = isScalar(key) ? (key.range?.[0] ?? 0) : 0
    let line = text.slice(0, offset).split('\n').length - 1
    while (/^\s*#/.test(lines[line - 1] ?? '') && indentOf(lines[line - 1]) === indentOf(lines[line])) line -= 1
    return line
  })
  const end = endOf(lines, starts.at(-1))
  return starts.map((start, index) => {
    const own = lines.slice(start, starts[index + 1] ?? end)
    const indent = indentOf(own[0])
    return { name: keysOf(map)[index] ?? '', lines: own.map((line) => line.slice(indent)) }
  })
}

/** The first line after the entry that begins at `start` which is not part of it. */
function endOf(lines: readonly string[], start = 0): number {
  const indent = indentOf(lines.slice(start).find((line) => !/^\s*#/.test(line)))
  let end = start + 1
  while (end < lines.length && !isNext(lines[end], indent)) end += 1
  while (lines[end - 1]?.trim() === '') end -= 1
  return end
}

function isNext(line: string | undefined, indent: number): boolean {
  return line !== undefined && line.trim() !== '' && indentOf(line) < indent
}

function indentOf(line = ''): number {
  return line.length - line.trimStart().length
}
