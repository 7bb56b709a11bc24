import { parse, type ScalarTag } from 'yaml'

/** `yes` and `on` are true, as in the YAML that Copier and Ansible read. */
const words: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:yes|on)$/i.test(text),
  stringify: ({ value }) => (value === true ? 'true' : 'false'),
}

/** How templates are read: YAML 1.2 with the words and the merge keys of 1.1. */
export const yamlOptions = { customTags: [words], merge: true, logLevel: 'error' } as const

/** A text as Copier and Ansible read it. */
export function parseYaml(source: string): unknown {
  return parse(source, { ...yamlOptions, customTags: [words] })
}
