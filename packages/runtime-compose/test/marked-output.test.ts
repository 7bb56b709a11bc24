import { readAll } from '@angee/testkit'
import { describe, expect, it } from 'vitest'
import { markedOutput } from '../src/exec/marked-output.ts'

const mark = '0123456789abcdef0123456789abcdef'

/** What comes of these chunks. */
async function read(...chunks: (string | Buffer)[]) {
  const seen: string[] = []
  const output = markedOutput(
    mark,
    () => void seen.push('start'),
    () => void seen.push('end'),
  )
  const content = readAll(output.stream)
  for (const chunk of chunks) output.stream.write(chunk)
  output.stream.end()
  return { content: (await content).toString('latin1'), end: output.end(), words: output.words(), seen }
}

describe('markedOutput', () => {
  it('gives what stands between the marks, wherever the chunks are cut', async () => {
    const whole = `${mark}some bytes${mark}003e`
    for (let first = 0; first <= whole.length; first += 1) {
      for (const second of [first, first + 1, first + 7, whole.length]) {
        const result = await read(whole.slice(0, first), whole.slice(first, second), whole.slice(second))
        expect(result, `cut at ${first} and ${second}`).toEqual({
          content: 'some bytes',
          end: { exitCode: 3, held: false },
          words: '',
          seen: ['start', 'end'],
        })
      }
    }
  })

  it('takes bytes that only look like a mark for what they are', async () => {
    const { content, end } = await read(`${mark}${mark}${mark.slice(0, 20)}`, `x${mark}12`, `${mark}000e`)
    expect(content).toBe(`${mark}${mark.slice(0, 20)}x${mark}12`)
    expect(end).toEqual({ exitCode: 0, held: false })
  })

  it('holds nothing back that cannot be a mark', async () => {
    const output = markedOutput(
      mark,
      () => undefined,
      () => undefined,
    )
    output.stream.write(`${mark}ready\n`)
    expect(String(output.stream.read())).toBe('ready\n')
  })

  it('tells that the output is held open', async () => {
    expect((await read(`${mark}all${mark}000h`)).end).toEqual({ exitCode: 0, held: true })
  })

  it.each([
    ['the second mark is missing', 'cut'],
    ['the second mark is cut', `cut${mark}00`],
    ['something comes after the second mark', `cut${mark}000elate`],
  ])('knows no end when %s', async (_name, rest) => {
    expect(await read(mark, rest)).toMatchObject({ content: rest, end: undefined })
  })

  it('gives words of the engine apart', async () => {
    const { content, words, seen } = await read('OCI runtime exec failed: ', 'no such file')
    expect([content, words, seen]).toEqual(['', 'OCI runtime exec failed: no such file', []])
  })

  it('passes a large output on unchanged', async () => {
    const bytes = Buffer.alloc(3_000_000, mark)
    expect((await read(mark, bytes, `${mark}255e`)).content).toBe(bytes.toString())
  })
})
