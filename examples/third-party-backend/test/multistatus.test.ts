import { describe, expect, it } from 'vitest'
import { readMultistatus } from '../src/multistatus.ts'

const collection = '<d:resourcetype><d:collection/></d:resourcetype>'
const good = (href: string, prop: string) =>
  `<d:response><d:href>${href}</d:href><d:propstat><d:prop>${prop}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`
const listing = (...responses: string[]) =>
  `<?xml version="1.0"?>\n<d:multistatus xmlns:d="DAV:">${responses.join('')}</d:multistatus>\n`

describe('a listing', () => {
  it('tells names, kinds, lengths and times, whatever the addresses look like', () => {
    const file = '<d:resourcetype/><d:getcontentlength>12</d:getcontentlength>'
    const modified = '<d:getlastmodified>Tue, 24 Nov 2026 01:33:56 GMT</d:getlastmodified>'
    const found = readMultistatus(
      listing(
        good('/dav/my%20files/', collection),
        good('http://cloud.example.org/dav/my%20files/007', file + modified),
        good('/dav/my%20files/a%26b/', collection + modified),
      ),
    )
    expect(found.map(({ name, depth, isCollection, bytes }) => [name, depth, isCollection, bytes])).toEqual([
      ['my files', 2, true, undefined],
      ['007', 3, false, 12],
      ['a&b', 3, true, undefined],
    ])
    expect(found[1]?.modified).toBe(Date.UTC(2026, 10, 24, 1, 33, 56))
  })

  it('takes the properties that are there from among those that are not', () => {
    const missing =
      '<d:propstat><d:prop><d:getcontentlength/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>'
    const there = `<d:propstat><d:prop>${collection}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>`
    const text = listing(`<d:response><d:href>/a/</d:href>${missing}${there}</d:response>`)
    expect(readMultistatus(text)).toEqual([{ name: 'a', depth: 1, isCollection: true, bytes: undefined, modified: 0 }])
  })

  const whole = listing(good('/a/', collection), good('/a/b', '<d:getcontentlength>1</d:getcontentlength>'))
  it.each([
    ['cut before its end', whole.slice(0, -20)],
    ['cut between two things', whole.slice(0, whole.indexOf('<d:response><d:href>/a/b'))],
    ['a page for a browser', '<html><body><a href="a">a</a></body></html>'],
    ['empty', ''],
    [
      'with a thing that may not be seen',
      listing('<d:response><d:href>/a</d:href><d:status>HTTP/1.1 403 No</d:status></d:response>'),
    ],
    ['with a thing without an address', listing('<d:response><d:status>HTTP/1.1 200 OK</d:status></d:response>')],
  ])('that is %s is refused', (_, text) => {
    expect(() => readMultistatus(text)).toThrow(/listing|could not look/)
  })
})
