import { realpathSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { AngeeError, type Context } from '@angee/core'
import { type Answers, resolveAnswers } from '../answers/index.ts'
import { createJinja, type Jinja } from '../jinja/index.ts'
import { findIn, isInside, type Template } from '../template/index.ts'
import type { Destination } from './destination.ts'
import { renderDirectory } from './files.ts'
import { excluded, skippedIfThere } from './patterns.ts'

export interface RenderRequest {
  /** Inputs by name; text is read in the type of its question. */
  inputs: Readonly<Record<string, unknown>>
  /** What templates may use besides the answers to their questions. */
  variables: Readonly<Record<string, unknown>>
  destination: Destination
  /** Where in the destination the template is rendered to; empty for its top. */
  base: string
}

export interface RenderReport {
  answers: Answers
  /** What the template tells whoever has rendered it. */
  message: string | undefined
}

/** Answers the questions of a template. INPUT_INVALID, TEMPLATE_INVALID. */
export function answerQuestions(
  template: Template,
  request: Pick<RenderRequest, 'inputs' | 'variables'>,
  ctx: Context,
): Answers {
  using jinja = jinjaOf(template, template.directory, ctx)
  return resolveAnswers(template, jinja, { given: request.inputs, variables: request.variables })
}

/**
 * Renders a template into the destination. Commands and code of the template are not run.
 * INPUT_INVALID, TEMPLATE_INVALID, TEMPLATE_ESCAPES.
 */
export async function renderTemplate(template: Template, request: RenderRequest, ctx: Context): Promise<RenderReport> {
  const answers = answerQuestions(template, request, ctx)
  const variables = variablesOf(template, request, answers)
  const directory = renderedDirectory(template, variables, ctx)
  using jinja = jinjaOf(template, directory, ctx)
  await renderDirectory(directory, '', {
    template,
    jinja,
    variables,
    destination: request.destination,
    base: request.base,
    isExcluded: excluded(template, jinja, variables),
    isSkippedIfThere: skippedIfThere(template, jinja, variables),
    ctx,
  })
  return { answers, message: messageOf(template, jinja, variables) }
}

function jinjaOf(template: Template, rendered: string, ctx: Context): Jinja {
  return createJinja({
    settings: template.settings.jinja,
    find: findIn(template, rendered),
    now: () => ctx.clock.now(),
    random: ctx.random,
  })
}

/** What a template of Copier may refer to. */
function variablesOf(
  { reference, commit, settings }: Template,
  { variables, destination, base }: RenderRequest,
  { values, recorded }: Answers,
): Record<string, unknown> {
  const origin = { _src_path: reference, ...(commit === undefined ? {} : { _commit: commit }) }
  return {
    ...variables,
    ...values,
    _src_path: reference,
    _folder_name: basename(join(destination.directory, base)),
    _copier_phase: 'render',
    _copier_operation: 'copy',
    _copier_answers: { ...origin, ...recorded },
    _copier_conf: {
      src_path: reference,
      dst_path: join(destination.directory, base),
      answers_file: settings.answersFile,
      vcs_ref_hash: commit ?? null,
      data: recorded,
      os: process.platform === 'darwin' ? 'macos' : 'linux',
      sep: '/',
    },
  }
}

/** `_subdirectory`, which may be Jinja. */
function renderedDirectory(template: Template, variables: Record<string, unknown>, ctx: Context): string {
  const { directory, label, settings } = template
  using jinja = jinjaOf(template, directory, ctx)
  const source = {
    key: `${directory}/copier.yml#subdirectory`,
    label: `${label}/copier.yml, _subdirectory`,
    text: settings.subdirectory,
  }
  const rendered = settings.subdirectory === '' ? '' : jinja.render(source, variables)
  const path = resolve(directory, rendered)
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new AngeeError('TEMPLATE_INVALID', `${label}/copier.yml: _subdirectory "${rendered}" is no directory`, {
      hint: 'Make it, or correct the setting.',
      context: { template: label, subdirectory: rendered },
    })
  }
  const real = realpathSync(path)
  if (isInside(path, directory) && isInside(real, template.includeRoot)) return real
  throw new AngeeError(
    'TEMPLATE_ESCAPES',
    `${label}/copier.yml: _subdirectory "${rendered}" leads out of the template`,
    {
      hint: 'Give a directory below that of copier.yml.',
      context: { template: label, subdirectory: rendered },
    },
  )
}

function messageOf(
  { directory, label, settings }: Template,
  jinja: Jinja,
  variables: Record<string, unknown>,
): string | undefined {
  const text = settings.messageAfterCopy
  if (text === undefined) return undefined
  const source = { key: `${directory}/copier.yml#message`, label: `${label}/copier.yml, _message_after_copy`, text }
  return jinja.render(source, variables).trim() || undefined
}
