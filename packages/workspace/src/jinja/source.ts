/** A text of a template, and what to call it in messages. */
export interface Source {
  /** Its path, or a name of its own for a text that is no file. */
  key: string
  /** Shown in messages. */
  label: string
  text: string
}

/** A line of a source. */
export interface Origin {
  source: Source
  line: number
}

/** Finds the file that `name` means in a tag of `from`; undefined when there is none. TEMPLATE_ESCAPES. */
export type FindSource = (name: string, from: Source) => Source | undefined

/** What the engine is given instead of a source. */
export interface Translation {
  text: string
  /** Where each line of it comes from. */
  origins: Origin[]
}

/** The line of the template behind a line that the engine names, counted from 1. */
export function originOf({ origins }: Translation, line: number): Origin | undefined {
  return origins[Math.min(line, origins.length) - 1]
}
