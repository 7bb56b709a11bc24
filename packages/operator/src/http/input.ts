import { AngeeError, isAngeeError } from '@angee/core'
import type { z } from 'zod'
import type { RouteSpec } from '../api/route.ts'

/** No request has more to say. Bytes. */
const longestBody = 1024 * 1024

/** What a request gives, checked against its route. */
export interface Input {
  params: unknown
  query: unknown
  body: unknown
}

/** Reads and checks what a request gives. USAGE names every field that is wrong; BODY_TOO_LARGE, MEDIA_TYPE_UNSUPPORTED. */
export async function readInput(route: RouteSpec, request: Request, params: Record<string, string>): Promise<Input> {
  const query = queryOf(new URL(request.url).searchParams)
  const body = route.method === 'get' ? {} : await readBody(request)
  return {
    params: parsePart(route.params, params, 'path'),
    query: route.query ? parsePart(route.query, query, 'query') : refuseAny(query, 'query'),
    body: route.body ? parsePart(route.body, body, 'body') : refuseAny(body, 'body'),
  }
}

function queryOf(search: URLSearchParams): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null)
  for (const key of new Set(search.keys())) {
    const all = search.getAll(key)
    query[key] = all.length === 1 ? (all[0] as string) : all
  }
  return { ...query }
}

/** No body is an empty one. */
async function readBody(request: Request): Promise<unknown> {
  const text = await readText(request)
  if (text === '') return {}
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(type)) {
    throw new AngeeError('MEDIA_TYPE_UNSUPPORTED', `the body is ${type || 'of no type'}, and JSON is needed`, {
      hint: 'Send the header Content-Type: application/json.',
    })
  }
  try {
    return JSON.parse(text, refuseProto)
  } catch (cause) {
    if (isAngeeError(cause)) throw cause
    throw new AngeeError('USAGE', `the body is no JSON: ${(cause as Error).message}`, {
      hint: 'Send one JSON object.',
    })
  }
}

/** A field of that name would be dropped in silence, as no other is. */
function refuseProto(key: string, value: unknown): unknown {
  if (key !== '__proto__') return value
  throw new AngeeError('USAGE', 'the body has a field "__proto__"', { hint: 'Leave it out.' })
}

async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > longestBody) throw tooLarge()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of request.body ?? []) {
    length += piece.length
    if (length > longestBody) throw tooLarge()
    pieces.push(piece)
  }
  try {
    return decoder.decode(Buffer.concat(pieces))
  } catch {
    throw new AngeeError('USAGE', 'the body is not UTF-8', { hint: 'Send JSON, which is UTF-8.' })
  }
}

function tooLarge(): AngeeError {
  return new AngeeError('BODY_TOO_LARGE', `the body is larger than ${longestBody} bytes`, {
    hint: 'No request of this API needs as much.',
    context: { limit: longestBody },
  })
}

function parsePart(schema: z.ZodObject | undefined, value: unknown, where: string): unknown {
  if (schema === undefined) return {}
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => ({ where, field: path.join('.'), message }))
  const [first] = problems
  throw new AngeeError('USAGE', `${where}${first?.field ? `.${first.field}` : ''}: ${first?.message}`, {
    hint: `The ${where} takes: ${Object.keys(schema.shape).join(', ')}. See GET /openapi.json.`,
    context: { problems },
  })
}

function refuseAny(value: unknown, where: string): unknown {
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0
  if (isEmpty && !Array.isArray(value)) return {}
  throw new AngeeError('USAGE', `this route takes nothing in its ${where}`, { hint: 'Leave it out.' })
}
