import { afterEach, describe, expect, it } from 'vitest'
import { createJinja, defaultSettings, type Jinja, type JinjaSettings, type Source } from '../src/jinja/index.ts'

const open: Jinja[] = []
afterEach(() => {
  for (const one of open.splice(0)) one[Symbol.dispose]()
})

interface Case {
  files?: Record<string, string>
  variables?: Record<string, unknown>
  settings?: Partial<JinjaSettings>
}

const now = Date.UTC(2026, 1, 3, 4, 5, 6)

function render(text: string, { files = {}, variables = {}, settings = {} }: Case = {}): string {
  const find = (name: string): Source | undefined =>
    files[name] === undefined ? undefined : { key: name, label: name, text: files[name] }
  const jinja = createJinja({
    settings: { ...defaultSettings, ...settings },
    find,
    now: () => now,
    random: (bytes) => bytes.fill(171),
  })
  open.push(jinja)
  return jinja.render({ key: 'main', label: 'main.jinja', text }, variables)
}

const failing = (text: string, given?: Case): string => {
  try {
    render(text, given)
  } catch (error) {
    expect(error).toMatchObject({ code: 'TEMPLATE_INVALID' })
    return (error as Error).message
  }
  throw new Error('it rendered')
}

describe('printing', () => {
  it.each([
    ['{{ yes }} {{ no }} {{ none }}', 'True False None'],
    ['[{{ missing }}]', '[]'],
    ['{{ 1 }} {{ 1.5 }} {{ 2 ** 3 }} {{ 7 // 2 }}', '1 1.5 8 3'],
    ['{{ ["a", 1, true, none] }} {{ {"a": "it\'s"} }}', `['a', 1, True, None] {'a': "it's"}`],
    ['a\n  {{- "b" -}}  \nc', 'abc'],
    ['{{ "x" if yes else "y" }}', 'x'],
    ['{{ {"a": {"b": 1}}["a"]["b"] }}', '1'],
    ['{{ "}}" }} {{ \'%}\' }}', '}} %}'],
    ['{% raw %}{{ no }} {% x %}{% endraw %}', '{{ no }} {% x %}'],
    ['{# {{ x.y.z }}\n #}a', 'a'],
    ['{% for a in [1, 2] %}{{ loop.index }}{{ a }};{% endfor %}', '11;22;'],
    ['{% macro hi(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ hi(1) }}{{ hi(1, b=3) }}', '1213'],
    ['{% set x %}{{ yes }}{% endset %}{{ x }}', 'True'],
    ['<{{ html }}>', '<<b>&>'],
  ])('%s', (text, expected) => {
    expect(render(text, { variables: { yes: true, no: false, none: null, html: '<b>&' } })).toBe(expected)
  })

  it('keeps the last line break unless told not to', () => {
    expect(render('a\n')).toBe('a\n')
    expect(render('a\n', { settings: { keepTrailingNewline: false } })).toBe('a')
  })

  it('trims blocks as Jinja does, and leaves white space before what is printed', () => {
    const settings = { trimBlocks: true, lstripBlocks: true }
    expect(render('a\n  {% if true %}\n  {{ 1 }}\n  {% endif %}\nb', { settings })).toBe('a\n  1\nb')
  })

  it('speaks other delimiters', () => {
    const delimiters = {
      blockStart: '[%',
      blockEnd: '%]',
      variableStart: '[[',
      variableEnd: ']]',
      commentStart: '[#',
      commentEnd: '#]',
    }
    const text = '[% if x %][[ x[0] ]] {{ y }} {% z %}[# no #][% endif %]'
    expect(render(text, { settings: { delimiters }, variables: { x: ['a'] } })).toBe('a {{ y }} {% z %}')
  })
})

describe('methods of Python', () => {
  it.each([
    ['{{ "a_1".isidentifier() }} {{ "1a".isidentifier() }}', 'True False'],
    ['{{ d.get("a") }} {{ d.get("q", "z") }} {{ d.inner.get("b", 1) + 1 }}', '1 z 3'],
    ['{{ not "x y".isidentifier() }}', 'True'],
    ['{{ "{}-{1}".format("a", "b") }} {{ "%s-%03d"|format("a", 7) }}', 'a-b a-007'],
    ['{{ "pre-fix".removeprefix("pre-").upper() }} {{ "a.py".removesuffix(".py") }}', 'FIX a'],
    ['{{ "a,b".split(",") }} {{ "A b".lower().replace(" ", "_") }}', "['a', 'b'] a_b"],
    ['{{ d.items()|list|length }} {{ "7".zfill(3) }} {{ "a.b.c".rsplit(".", 1)[0] }}', '2 007 a.b'],
  ])('%s', (text, expected) => {
    expect(render(text, { variables: { d: { a: 1, inner: { b: 2 } } } })).toBe(expected)
  })
})

describe('filters', () => {
  it.each([
    [
      String.raw`{{ 'a b' | regex_replace('\s', '\\\\') }} {{ '\d' }} {{ '\x41\u00e9\t|' }} {{ 'a"b\d"' }}`,
      'a\\b \\d Aé\t| a"b\\d"',
    ],
    [
      String.raw`{% if not 'x@y.org' | regex_search('^[^@\s]+@[^@\s]+\.[^@\s]+$') %}no{% endif %}{{ 'it\'s \"' }}`,
      `it's "`,
    ],
    ["{{ 'my-app' | regex_search('^[a-z][a-z0-9\\\\-]+$') }}", 'my-app'],
    ["{% if not ('My' | regex_search('^[a-z]+$')) %}bad{% endif %}", 'bad'],
    ["{{ 'a1b22' | regex_replace('[0-9]+', '-') }}", 'a-b-'],
    ["{{ 'john smith' | regex_replace('(?P<a>\\\\w+) (\\\\w+)', '\\\\2 $ \\\\g<a>') }}", 'smith $ john'],
    ["{{ 'a1b22' | regex_findall('[0-9]+') }}", "['1', '22']"],
    ["{{ 'ABC' | regex_search('b', ignorecase=True) }} {{ 'x' | regex_search('y') }}", 'B None'],
    [String.raw`{{ 'abc' | regex_search('(?P<one>b)(c)', '\\2', '\\g<one>') }}`, "['c', 'b']"],
    ["{{ 'a-b_c d' | title }} {{ 'x\\ny' | comment }}", 'A-B_c D #\n# x\n# y\n#'],
    ['{{ {"b": [1, true], "a": none} | to_json }}', '{"a": null, "b": [1, true]}'],
    ['{{ {"b": [1, "yes"], "a": none} | to_nice_yaml }}', "a: null\nb:\n    - 1\n    - 'yes'\n"],
    ['{{ ["é<", {"a": 1}] | tojson }} {{ [1]|to_nice_json }}', '["\\u00e9\\u003c", {"a": 1}] [\n    1\n]'],
    ['{{ ("a: yes" | from_yaml).a }}', 'True'],
    ['{{ "Déjà Vu!" | slug }} {{ "A b" | slugify(separator="_") }}', 'deja-vu a_b'],
    ["{{ '%Y-%m-%d' | strftime }}", '2026-02-03'],
    ['{{ "a/b.txt" | basename }} {{ "a/b.txt" | dirname }} {{ ["a", "b"] | path_join }}', 'b.txt a a/b'],
    [
      '{{ "x" | b64encode }} {{ "eA==" | b64decode }} {{ "a" | hash("sha256") | truncate(8, true, "") }}',
      'eA== x ca978112',
    ],
    ['{{ true | ternary("a", "b") }} {{ "yes" | bool }} {{ "x" | int(5) }} {{ "7" | int + 1 }}', 'a True 5 8'],
    ['{{ {"a": 1} | combine({"b": 2}) }} {{ [[1], [2]] | flatten }}', "{'a': 1, 'b': 2} [1, 2]"],
    ['{{ [1, 2] | union([2, 3]) }} {{ [1, 2] | difference([2]) }} {{ "it\'s" | quote }}', `[1, 2, 3] [1] 'it'"'"'s'`],
  ])('%s', (text, expected) => {
    expect(render(text)).toBe(expected)
  })

  it('makes secrets', () => {
    expect(render('{{ make_secret() }}')).toBe('ab'.repeat(64))
  })

  it('does not wait for a regular expression that takes for ever', () => {
    const message = failing("a\n{{ x | regex_search('^(a+)+$') }}", { variables: { x: `${'a'.repeat(40)}b` } })
    expect(message).toMatch(/main\.jinja:2: the filter regex_search failed: .*timed out/)
  })
})

describe('the dialect of Django-like engines', () => {
  it.each([
    ['{{ "a"|add:x|add:"c" }}', 'abc'],
    ['{{ "redis://"|add:host|add:"/"|add:n }}', 'redis://h/3'],
    ['{{ 1|add:2 }}', '3'],
    ['{{ missing|default:"d" }} {{ ""|default:"d" }} {{ ""|default("d") }}', 'd d '],
    ['{% for r in "worker,"|add:x|split:"," %}[{{ r }}]{% endfor %}', '[worker][b]'],
    ['{% set u = "p://"|add:x|add:":${secret.p}@" %}{{ u }}', 'p://b:${secret.p}@'],
    ['{% if x|length == 1 and "ab"[0:1] == "a" %}{{ {"k": x|upper}["k"] }}{% endif %}', 'B'],
  ])('%s', (text, expected) => {
    expect(render(text, { variables: { x: 'b', host: 'h', n: 3 } })).toBe(expected)
  })

  it('includes with values', () => {
    const files = { 'part.jinja': '{{ a }}{{ x }}{{ b }}' }
    expect(render('{% include "part.jinja" with a="1" b=x|upper %}|{{ a }}', { files, variables: { x: 'q' } })).toBe(
      '1qQ|',
    )
  })
})

describe('includes', () => {
  const files = {
    'part.jinja': 'one {{ x }}\n{% set y = 2 %}',
    'macros.jinja': '{% macro twice(a) %}{{ a }}{{ a }}{% endmacro %}',
    'base.jinja': '<{% block body %}{% endblock %}>',
    'broken.jinja': '\n\n{{ x.y.z }}\n',
    'again.jinja': '{% if n %}{{ n }}{% set n = n - 1 %}{% include "again.jinja" %}{% endif %}',
  }

  it.each([
    ['{% set x = 1 %}{% include "part.jinja" %}[{{ y }}]', 'one 1\n[]'],
    ['{% for x in [1, 2] %}{% include "part.jinja" %}{% endfor %}', 'one 1\none 2\n'],
    ['{% include "part.jinja" with context %}', 'one \n'],
    ['a{% include "nowhere" ignore missing %}b', 'ab'],
    ['{% include ["nowhere", "part.jinja"] %}', 'one \n'],
    ['{% include "par" ~ "t.jinja" %}', 'one \n'],
    ['{% from "macros.jinja" import twice with context %}{{ twice("ab") }}', 'abab'],
    ['{% import "macros.jinja" as m %}{{ m.twice(1) }}', '11'],
    ['{% extends "base.jinja" %}{% block body %}{{ 1 }}{% endblock %}', '<1>'],
    ['{% if false %}{% include "nowhere" %}{% endif %}ok', 'ok'],
    ['a  {%- include "part.jinja" -%}  b', 'aone \nb'],
    ['{% set n = 3 %}{% include "again.jinja" %}', '321'],
  ])('%s', (text, expected) => {
    expect(render(text, { files })).toBe(expected)
  })

  it('strips the last line break of an included file where the settings say so', () => {
    expect(
      render('[{% include "part.jinja" %}]', {
        files: { 'part.jinja': 'a\n' },
        settings: { keepTrailingNewline: false },
      }),
    ).toBe('[a]')
  })

  it('says file and line of what is wrong in an included file, and after it', () => {
    expect(failing('a\nb {% include "broken.jinja" %}', { files })).toMatch(
      /^broken\.jinja:3: undefined value, in: \{\{ x\.y\.z/,
    )
    expect(failing('{% include "part.jinja" %}\nb\n{{ q.r.s }}', { files })).toMatch(/^main\.jinja:3: undefined value/)
    expect(failing('{% include\n"part.jinja" %}\n{{ q.r.s }}', { files })).toMatch(/^main\.jinja:3: /)
    expect(failing('x\n{% include "nowhere" %}', { files })).toMatch(/^main\.jinja:2: .*nowhere/)
  })
})

describe('what is wrong', () => {
  it.each([
    ['a\n{{ x y }}', /^main\.jinja:2: unexpected identifier/],
    ['a\n\n{{ x | nofilter }}', /^main\.jinja:3: unknown filter: filter nofilter is unknown/],
    ['a\n{% trans %}x{% endtrans %}', /^main\.jinja:2: unknown statement trans/],
    ['a\n{{ x', /^main\.jinja:2: "\{\{" is never closed/],
    ['{% if x %}\n', /^main\.jinja:\d: unexpected end of input/],
    ['{{ "x"|from_json }}', /^main\.jinja:1: the filter from_json failed: /],
    ['\n{{ none|mandatory("which?") }}', /^main\.jinja:2: the filter mandatory failed: which\?/],
    ['{% include "x" without context %}', /"without context" in \{% include %\} is not supported/],
    ['{% for i in range(9000) %}{% for j in range(9000) %}{% endfor %}{% endfor %}', /ran out of fuel/],
    ['{{ ("a" * 4000000000)|length }}', /needs more memory/],
  ])('%s', (text, expected) => {
    expect(failing(text)).toMatch(expected)
  })

  it('does not put files into files without end', () => {
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [`f${at}`, `{% include "f${at + 1}" %}`.repeat(10)]),
    )
    expect(failing('{% include "f0" %}', { files: { ...files, f12: 'x' } })).toMatch(
      /more than 10000 files are included/,
    )
  })

  it('undefined values are wrong where the template says so', () => {
    expect(failing('a\n{{ x }}', { settings: { undefined: 'strict' } })).toMatch(/^main\.jinja:2: undefined value/)
  })

  it('goes on after a failure', () => {
    expect(failing('{{ "x"|from_json }}')).toMatch(/from_json/)
    expect(render('{{ 1 }}')).toBe('1')
  })

  it('suggests a filter', () => {
    expect(() => render('{{ x|to_nice_yml }}')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('to_nice_yaml') }),
    )
  })
})
