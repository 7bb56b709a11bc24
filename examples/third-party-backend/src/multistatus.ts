import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** What a server says about one thing it holds. */
export interface Found {
  /** The last segment of its path, decoded. */
  name: string
  /** How many segments its path has. */
  depth: number
  isCollection: boolean
  /** Undefined for a collection, and where the server does not say. */
  bytes: number | undefined
  /** Milliseconds since 1970 by the clock of the server, 0 where it does not say. */
  modified: number
}

/** Asks for what {@link readMultistatus} reads and for nothing that costs a server more. */
export const propfindBody =
  '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/><getlastmodified/></prop></propfind>'

interface Response {
  href?: unknown
  status?: string
  propstat?: { status?: string; prop?: Record<string, unknown> }[]
}

const lists = new Set(['response', 'propstat'])
const parser = new XMLParser({
  removeNSPrefix: true,
  parseTagValue: false,
  ignoreAttributes: true,
  isArray: (name) => lists.has(name),
})

/**
 * Everything a multistatus tells of. Throws for text that is cut or no multistatus, and where the server could not look
 * at one of the things: a listing that leaves something out must not look like a whole one.
 */
export function readMultistatus(text: string): Found[] {
  // The parser itself takes half a document for a short one.
  if (XMLValidator.validate(text) !== true) throw new Error('the listing is cut or no XML')
  const document = parser.parse(text) as { multistatus?: { response?: Response[] } }
  if (typeof document.multistatus !== 'object') throw new Error('the reply is no WebDAV listing')
  return document.multistatus.response?.map(readResponse) ?? []
}

function readResponse({ href, status, propstat }: Response): Found {
  if (typeof href !== 'string') throw new Error('the listing names something without an address')
  const segments = new URL(href, 'http://any').pathname.split('/').filter((one) => one !== '')
  const good = propstat?.find((one) => isGood(one.status))
  if (!good || (status !== undefined && !isGood(status))) throw new Error(`the server could not look at ${href}`)
  const { resourcetype, getcontentlength, getlastmodified } = good.prop ?? {}
  const isCollection = typeof resourcetype === 'object' && resourcetype !== null && 'collection' in resourcetype
  const hasLength = !isCollection && /^\d+$/.test(String(getcontentlength))
  return {
    name: decodeURIComponent(segments.at(-1) ?? ''),
    depth: segments.length,
    isCollection,
    bytes: hasLength ? Number(getcontentlength) : undefined,
    modified: Date.parse(String(getlastmodified)) || 0,
  }
}

/** `HTTP/1.1 200 OK` */
function isGood(status: string | undefined): boolean {
  return / 2\d\d( |$)/.test(status ?? '')
}
