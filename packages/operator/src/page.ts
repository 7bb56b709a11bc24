import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A file of the page, as it is served. */
export interface PageFile {
  body: string
  headers: Record<string, string>
}

/** Every file there is, by the path it is served under. What a request says never becomes a file's name. */
const files = {
  '/': 'index.html',
  '/page/style.css': 'style.css',
  '/page/icon.svg': 'icon.svg',
  '/page/app.js': 'app.js',
  '/page/api.js': 'api.js',
  '/page/dom.js': 'dom.js',
  '/page/events.js': 'events.js',
  '/page/format.js': 'format.js',
  '/page/parts.js': 'parts.js',
  '/page/views/home.js': 'views/home.js',
  '/page/views/operation.js': 'views/operation.js',
  '/page/views/operations.js': 'views/operations.js',
  '/page/views/restore.js': 'views/restore.js',
  '/page/views/sign-in.js': 'views/sign-in.js',
  '/page/views/snapshot.js': 'views/snapshot.js',
  '/page/views/timeline.js': 'views/timeline.js',
}

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/** Nothing but what the operator itself serves, and no text that becomes a script. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const guards = {
  'content-security-policy': contentSecurityPolicy,
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  // Asked again each time, and answered with nothing while it is the same.
  'cache-control': 'no-cache',
}

/** The files of the page by path. They hold no data: what they show they ask of the API, with a token. */
export function readPage(): ReadonlyMap<string, PageFile> {
  return new Map(
    Object.entries(files).map(([path, name]) => {
      const body = readFileSync(new URL(`../page/${name}`, import.meta.url), 'utf8')
      const type = types[name.slice(name.lastIndexOf('.') + 1)] ?? 'text/plain'
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
      return [path, { body, headers: { ...guards, 'content-type': type, etag } }]
    }),
  )
}

/** The answer to a request for a file of the page. */
export function pageAnswer({ body, headers }: PageFile, request: Request): Response {
  if (request.headers.get('if-none-match') === headers['etag']) return new Response(null, { status: 304, headers })
  return new Response(request.method === 'HEAD' ? null : body, { headers })
}
