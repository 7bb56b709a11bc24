import { describe, expect, it } from 'vitest'
import { answers, failure, rendered } from './support/render.ts'

const copier = `
name: My App
port: 8080
slug:
  type: str
  default: "{{ name | lower | replace(' ', '-') }}"
  validator: "{% if not (slug | regex_search('^[a-z-]+$')) %}Use lower-case letters and dashes, not {{ slug }}.{% endif %}"
size:
  type: int
  default: "{{ port * 2 }}"
ratio: { type: float, default: 0.5 }
debug: { type: bool, default: no }
extra: { type: yaml, default: [a, "{{ name }}"] }
tags: { type: json, default: '{"a": ["{{ slug }}"]}' }
engine:
  choices: { Files: files, The big one: big }
  default: files
license:
  type: str
  choices: [MIT, [Second, GPL-3]]
  default: MIT
parts:
  type: str
  multiselect: true
  choices: [web, worker, cron]
  default: '[web, {% if debug %}worker{% else %}cron{% endif %}]'
computed:
  type: str
  default: "{{ slug }}-{{ engine }}"
  when: false
asked_when_big:
  type: str
  default: "{% if engine == 'big' %}yes{% else %}{{ UNSET }}{% endif %}"
  when: "{{ engine == 'big' }}"
`

describe('answers', () => {
  it('are the defaults, which may refer to what stands before them', async () => {
    expect(await answers(copier)).toEqual({
      name: 'My App',
      port: 8080,
      slug: 'my-app',
      size: 16160,
      ratio: 0.5,
      debug: false,
      extra: ['a', 'My App'],
      tags: { a: ['my-app'] },
      engine: 'files',
      license: 'MIT',
      parts: ['web', 'cron'],
      computed: 'my-app-files',
    })
  })

  it('are what was given, in the type of the question', async () => {
    const given = {
      name: '007',
      port: '9000',
      slug: 'x',
      ratio: '1e3',
      debug: 'yes',
      extra: '{a: [1, no]}',
      tags: '[1]',
      engine: 'big',
      license: 'GPL-3',
      parts: '[worker, web]',
    }
    expect(await answers(copier, given)).toEqual({
      name: '007',
      port: 9000,
      slug: 'x',
      size: 18000,
      ratio: 1000,
      debug: true,
      extra: { a: [1, false] },
      tags: [1],
      engine: 'big',
      license: 'GPL-3',
      parts: ['worker', 'web'],
      computed: 'x-big',
      asked_when_big: 'yes',
    })
  })

  it('may be given as they are, where no command line is between', async () => {
    expect(await answers(copier, { port: 1, debug: true, extra: null, parts: ['cron'] })).toMatchObject({
      port: 1,
      debug: true,
      extra: null,
      parts: ['cron'],
    })
  })

  it('name everything that is missing, unknown or wrong at once', async () => {
    const text = `
topic: { type: str, help: What it is about }
owner: { type: str }
port: { type: int, default: 1 }
later: { type: str, default: "{{ topic | mandatory }}" }
`
    const error = await failure(answers(text, { prot: '1', port: 'many', tpoic: 'x' }))
    expect(error.code).toBe('INPUT_INVALID')
    expect(error.message).toBe(
      [
        'workspaces/it:',
        '  unknown input "prot". Did you mean "port"?',
        '  unknown input "tpoic". Did you mean "topic"?',
        '  missing input "topic" (What it is about)',
        '  missing input "owner"',
        '  input "port": "many" should be a whole number (int)',
      ].join('\n'),
    )
    expect(error.hint).toBe('Give inputs as --input NAME=VALUE. It takes: topic, owner, port, later.')
  })

  it.each([
    ['port', '1.5', 'input "port": "1.5" should be a whole number (int)'],
    ['port', '99999999999999999999', 'input "port": "99999999999999999999" should be a whole number (int)'],
    ['ratio', 'half', 'input "ratio": "half" should be a number (float)'],
    ['debug', 'maybe', 'input "debug": "maybe" should be true or false (bool)'],
    ['tags', '{', 'input "tags": "{" should be JSON (json)'],
    ['extra', '[a', 'input "extra": "[a" should be YAML (yaml)'],
    ['engine', 'small', 'input "engine": "small" is not one of "files", "big"'],
    ['parts', '[web, wokrer]', 'input "parts": "wokrer" is not one of "web", "worker", "cron"'],
    ['parts', 'web', 'input "parts": "web" should be a list, as in [a, b] (str)'],
    ['slug', 'A b', 'input "slug": Use lower-case letters and dashes, not A b.'],
  ])('says of %s what is wrong with %s', async (name, value, message) => {
    const error = await failure(answers(copier, { [name]: value }))
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: `workspaces/it: ${message}` })
  })

  it('work out choices, types and checks of choices', async () => {
    const text = `
language: { type: str, choices: [python, node], default: python }
tool:
  type: str
  choices: |
    {%- if language == "python" %}
    - poetry
    {%- else %}
    - npm
    {%- endif %}
config:
  type: "{% if language == 'python' %}yaml{% else %}json{% endif %}"
  default: "{}"
cloud:
  type: str
  default: any
  choices:
    any: any
    Managed: { value: managed, validator: "{% if language != 'node' %}Needs node{% endif %}" }
`
    expect(await answers(text, { tool: 'poetry' })).toEqual({
      language: 'python',
      tool: 'poetry',
      config: {},
      cloud: 'any',
    })
    expect((await failure(answers(text, { tool: 'npm' }))).message).toContain('"npm" is not one of "poetry"')
    expect((await failure(answers(text, { tool: 'poetry', cloud: 'managed' }))).message).toContain(
      'input "cloud": Needs node',
    )
    expect(await answers(text, { tool: 'npm', language: 'node', cloud: 'managed' })).toMatchObject({ cloud: 'managed' })
  })

  it('put inputs of _angee and questions together', async () => {
    const text = `
_angee:
  kind: workspace
  inputs:
    branch: { type: string, required: true }
    note: { type: string }
    size: { type: integer, default: 3 }
    port: { type: int, required: true }
    mode: { default: a, choices: [a, b] }
branch: { type: str, default: "" }
port: { default: 80 }
mode: { type: str }
`
    expect((await failure(answers(text))).message).toBe('workspaces/it: missing input "branch"')
    expect(await answers(text, { branch: 'x' })).toEqual({ branch: 'x', size: 3, port: 80, mode: 'a' })
    expect((await failure(answers(text, { branch: 'x', mode: 'c' }))).message).toContain('"c" is not one of "a", "b"')
  })

  it('are kept out of what is written down when they are secret', async () => {
    const files = {
      'copier.yml':
        'user: me\npassword: { type: str, secret: true, default: unguessable }\nhidden: { default: 1, when: false }\n',
      '{{ _copier_conf.answers_file }}.jinja': '{{ _copier_answers|to_nice_yaml }}',
    }
    const made = await rendered(files)
    expect(made.report.answers.recorded).toEqual({ user: 'me' })
    expect(made.files['.copier-answers.yml']).toMatch(/^_src_path: .*\nuser: me\n$/)
    const wrong = { 'copier.yml': 'pin: { type: int, secret: true }\n' }
    const error = await failure(rendered(wrong, { pin: 'hunter2' }))
    expect(error.message).toBe('workspaces/it: input "pin": the value should be a whole number (int)')
  })
})
