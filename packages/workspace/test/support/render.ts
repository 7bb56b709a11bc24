import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { testContext } from '@angee/testkit'
import { openDestination, openTemplate, renderTemplate } from '../../src/index.ts'
import { scratch, writeTree } from './stack.ts'

type Files = Record<string, string | Uint8Array>

/** Everything below a directory: text of files, `-> target` of links; directories only when they are empty. */
export function readTree(directory: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {}
  const names = readdirSync(join(directory, below)).sort()
  if (names.length === 0 && below !== '') found[`${below}/`] = ''
  for (const name of names) {
    const path = join(below, name)
    const stat = lstatSync(join(directory, path))
    if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(directory, path))}`
    else if (stat.isDirectory()) Object.assign(found, readTree(directory, path))
    else found[path] = readFileSync(join(directory, path), 'utf8')
  }
  return found
}

/** A template of those files, in a directory that is gone after the test. */
export function template(files: Files): string {
  return writeTree(join(scratch(), 'templates', 'workspaces', 'it'), files)
}

/** What a template renders. */
export async function rendered(files: Files | string, inputs: Record<string, unknown> = {}) {
  const directory = typeof files === 'string' ? files : template(files)
  const { destination, report } = await renderInto(directory, inputs)
  return { files: readTree(destination), report, destination }
}

async function renderInto(directory: string, inputs: Record<string, unknown>) {
  const destination = join(scratch(), 'made')
  mkdirSync(destination)
  const ctx = testContext()
  const place = { directory, roots: [], kind: 'workspaces' as const }
  await using opened = await openTemplate(directory, place, ctx.signal)
  const request = { inputs, variables: {}, destination: openDestination(destination), base: '' }
  return { destination, report: await renderTemplate(opened, request, ctx) }
}

/** The answers to a template that has nothing but questions. */
export async function answers(copier: string, inputs: Record<string, unknown> = {}) {
  return (await rendered({ 'copier.yml': copier }, inputs)).report.answers.values
}

/** What a call rejects with. */
export async function failure(call: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  try {
    await call
  } catch (error) {
    return error as { code: string; message: string; hint: string }
  }
  throw new Error('it did not fail')
}
