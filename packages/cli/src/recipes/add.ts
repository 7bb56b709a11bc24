import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AngeeError, type Manifest, parseManifest } from '@angee/core'
import { parseDocument } from 'yaml'
import { type Block, type RecipeBlocks, recipeBlocks } from './blocks.ts'
import type { Recipe } from './catalog.ts'
import { insertBlocks, keysAt } from './insert.ts'

export interface RecipeRequest {
  recipe: Recipe
  /** The recipe's own name for it when absent. */
  service: string | undefined
  runtime: 'container' | 'local'
}

/** A manifest with a recipe in it. */
export interface Added {
  text: string
  service: string
  /** `hook`: the service was there and only got its hook. */
  what: 'service' | 'hook'
  persist: string[]
  secrets: string[]
  /** Persist entries that the recipe's dump stands for and this manifest does not have under that name. */
  uncovered: string[]
}

/**
 * Adds a recipe to the text of a manifest and leaves the rest as it is, byte for byte. A service that exists and has no
 * hook gets the hook alone. NAME_TAKEN when the service has a hook, or a persist entry exists; MANIFEST_INVALID when
 * the file is not one, or cannot be added to. `file` is only shown in messages.
 */
export function addRecipe(text: string, file: string, { recipe, service, runtime }: RecipeRequest): Added {
  if (parseDocument(text).errors.length > 0) parseManifest(text, file)
  const blocks = recipeBlocks(readFileSync(join(recipe.directory, `${runtime}.yaml`), 'utf8'), service)
  const name = blocks.service.name
  const added = keysAt(text, ['services']).includes(name)
    ? addHook(text, blocks, recipe)
    : addService(text, blocks, recipe)
  const written = manifestOf(added.text, text, file).services.find((one) => one.name === name)
  if (written?.hook === undefined) throw new AngeeError('INTERNAL', `${file} would not have the hook of ${name}`)
  return added
}

/** What is wrong is said of the file as it is, not as it would be. An empty section is mended by what is added. */
function manifestOf(after: string, before: string, file: string): Manifest {
  try {
    return parseManifest(after, file)
  } catch (error) {
    parseManifest(before, file)
    throw error
  }
}

function addService(text: string, blocks: RecipeBlocks, recipe: Recipe): Added {
  const { service, persist } = blocks
  const taken = persist.find(({ name }) => keysAt(text, ['persist']).includes(name))
  if (taken) throw nameTaken(`the persist entry ${taken.name} is there already`, recipe, service.name)
  const secrets = blocks.secrets.filter(({ name }) => !keysAt(text, ['secrets']).includes(name))
  const withSecrets = insertBlocks(text, ['secrets'], secrets)
  const withPersist = insertBlocks(withSecrets, ['persist'], persist)
  return {
    text: insertBlocks(withPersist, ['services'], [service]),
    service: service.name,
    what: 'service',
    persist: namesOf(persist),
    secrets: namesOf(secrets),
    uncovered: [],
  }
}

function addHook(text: string, { service, hook, covers }: RecipeBlocks, recipe: Recipe): Added {
  const path = ['services', service.name]
  if (keysAt(text, path).includes('backup')) {
    throw nameTaken(`the service ${service.name} is there already, with a hook of its own`, recipe, service.name)
  }
  const uncovered = covers.filter((name) => !keysAt(text, ['persist']).includes(name))
  return {
    text: insertBlocks(text, path, [uncovered.length === 0 ? hook : withoutCovers(hook)]),
    service: service.name,
    what: 'hook',
    persist: [],
    secrets: [],
    uncovered,
  }
}

function withoutCovers(hook: Block): Block {
  return { ...hook, lines: hook.lines.filter((line) => !/^ {2}covers:/.test(line)) }
}

function namesOf(blocks: readonly Block[]): string[] {
  return blocks.map(({ name }) => name)
}

function nameTaken(message: string, recipe: Recipe, service: string): AngeeError {
  return new AngeeError('NAME_TAKEN', message, {
    hint: `To add another one: angee recipe add ${recipe.name} --service ${service}-2`,
    context: { service },
  })
}
