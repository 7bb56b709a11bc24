import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPage } from '../src/page.ts'
import { operatorOf } from './support/operator.ts'
import { makeStack } from './support/stack.ts'

const directory = new URL('../page/', import.meta.url).pathname
const files = readPage()

describe('the page', () => {
  it('is served without a token, with nothing but itself allowed in it', async () => {
    const operator = await operatorOf(await makeStack())
    for (const path of files.keys()) {
      const { status, headers, text } = await operator.send({ path, token: null })
      expect([path, status]).toEqual([path, 200])
      expect(text.length).toBeGreaterThan(100)
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/,
        ),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
        'content-type': expect.stringMatching(/^(text\/(html|css|javascript); charset=utf-8|image\/svg\+xml)$/),
      })
      const again = await operator.send({ path, token: null, headers: { 'if-none-match': String(headers['etag']) } })
      expect([again.status, again.text]).toEqual([304, ''])
      const head = await operator.send({ method: 'HEAD', path, token: null })
      expect([head.status, head.text]).toEqual([200, ''])
    }
  })

  it('may be led to from another page, which the API may not', async () => {
    const operator = await operatorOf(await makeStack())
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    expect((await operator.send({ path: '/', token: null, headers })).status).toBe(200)
    expect((await operator.send({ path: '/stack/backups', headers })).status).toBe(403)
    expect((await operator.send({ path: '/', token: null, headers: { host: 'evil.example' } })).status).toBe(403)
  })

  it('is a list of files and no way to others', async () => {
    const operator = await operatorOf(await makeStack())
    for (const path of [
      '/page/',
      '/page/../package.json',
      '/page/%2e%2e/package.json',
      '/page/views/',
      '/index.html',
    ]) {
      expect([path, (await operator.send({ path, token: null })).status]).toEqual([path, 401])
      expect([path, (await operator.get(path)).status]).toEqual([path, 404])
    }
    expect((await operator.send({ method: 'POST', path: '/', token: null })).status).toBe(401)
  })

  it('serves every file there is, is light, and names no other host', () => {
    const there = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    const bodies = there.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    expect(new Set(bodies)).toEqual(new Set([...files.values()].map(({ body }) => body)))
    expect(bodies.join('').length).toBeLessThan(60_000)
    expect(bodies.join('').replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\/|\/\/\w+\./)
    // No markup is made out of strings, and no script or style stands in the page.
    expect(bodies.join('')).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/)
    expect(files.get('/')?.body).not.toMatch(/ style=|<style|<script>| on\w+=/)
  })
})
