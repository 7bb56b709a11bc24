import ignore from 'ignore'
import type { Jinja } from '../jinja/index.ts'
import type { Template } from '../template/index.ts'

/** What Copier leaves out when a template says nothing and is rendered from its top. */
const copierDefaults = ['copier.yaml', 'copier.yml', '~*', '*.py[co]', '__pycache__', '.git', '.DS_Store', '.svn']

/** Whether a path, relative to what is rendered into, is meant by the patterns. A directory ends with a slash. */
export type Matches = (path: string) => boolean

export function excluded(template: Template, jinja: Jinja, variables: Readonly<Record<string, unknown>>): Matches {
  const { exclude, subdirectory } = template.settings
  const isTop = subdirectory === '' || subdirectory === '.'
  return matcher(exclude ?? (isTop ? copierDefaults : []), '_exclude', template, jinja, variables)
}

export function skippedIfThere(
  template: Template,
  jinja: Jinja,
  variables: Readonly<Record<string, unknown>>,
): Matches {
  return matcher(template.settings.skipIfExists, '_skip_if_exists', template, jinja, variables)
}

/** Patterns are those of gitignore, and may be Jinja. */
function matcher(
  patterns: readonly string[],
  setting: string,
  { label, directory }: Template,
  jinja: Jinja,
  variables: Readonly<Record<string, unknown>>,
): Matches {
  const rendered = patterns.map((text, at) =>
    jinja.render(
      { key: `${directory}/copier.yml#${setting}-${at}`, label: `${label}/copier.yml, ${setting}`, text },
      variables,
    ),
  )
  const rules = ignore().add(rendered.filter((pattern) => pattern.trim() !== ''))
  return (path) => path !== '' && rules.ignores(path)
}
