import type { JinjaSettings } from '../jinja/index.ts'

export type QuestionType = 'str' | 'int' | 'float' | 'bool' | 'yaml' | 'json' | 'path'

/** Something a template asks: a question of `copier.yml`, an entry of `_angee.inputs`, or both in one. */
export interface Question {
  name: string
  /** A name of a type, or Jinja that renders one. */
  type: string
  help: string | undefined
  /** `undefined`: none. A string may be Jinja. */
  default: unknown
  /** An empty answer is no answer. */
  required: boolean
  /** Undefined: anything goes. A string is Jinja that renders a list. */
  choices: readonly Choice[] | string | undefined
  multiselect: boolean
  /** Jinja: what it prints is what is wrong. */
  validator: string | undefined
  /** Whether it is asked at all; Jinja when it is a string. */
  when: boolean | string
  secret: boolean
  /** Declared under `_angee.inputs` alone. */
  isInput: boolean
}

export interface Choice {
  label: string
  value: unknown
  validator: string | undefined
}

/** The settings of Copier that mean something here. */
export interface Settings {
  subdirectory: string
  suffix: string
  /** Undefined: those of Copier. */
  exclude: readonly string[] | undefined
  skipIfExists: readonly string[]
  answersFile: string
  preserveSymlinks: boolean
  messageAfterCopy: string | undefined
  jinja: JinjaSettings
}

/** The `_angee` block. */
export interface AngeeBlock {
  kind: string
  name: string | undefined
  description: string | undefined
  naming: { pattern: string; fallback: string | undefined; maxLength: number | undefined } | undefined
  chainRoot: string | undefined
  chain: readonly ChainLink[]
  persist: Readonly<Record<string, { subpath: string; scope?: string }>>
  /** Range of ports by pool. */
  pools: Readonly<Record<string, string>>
  sources: readonly SourceLink[]
  includeRoot: string | undefined
}

/** A template that is rendered into the same place, before the one that names it. */
export interface ChainLink {
  template: string
  root: string | undefined
  inputs: Readonly<Record<string, unknown>>
}

/** A git worktree that somebody else puts into the workspace. */
export interface SourceLink {
  name: string
  subpath: string
}

/** An opened template. Dispose it: one that was taken from a commit lies in a directory of its own. */
export interface Template extends AsyncDisposable {
  /** As it was asked for. */
  reference: string
  /** Where its `copier.yml` lies; absolute, without symbolic links. */
  directory: string
  /** Shown in messages: the last directories of its path. */
  label: string
  /** Its commit, when one was asked for. */
  commit: string | undefined
  /** Nothing outside of this directory is read. */
  includeRoot: string
  questions: readonly Question[]
  settings: Settings
  angee: AngeeBlock
  /** What it asks for that is not done, in words for a person. */
  notes: readonly string[]
}
