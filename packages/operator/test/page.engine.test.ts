import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileStore, nodeFiles, updateRecords } from '@angee/core'
import { emits, engineSuite, exits, fakeRuntime, takes } from '@angee/testkit'
import type { Browser } from 'puppeteer-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  go,
  heading,
  inPage,
  launchBrowser,
  openTab,
  screenshot,
  signIn,
  type Tab,
  until,
  violations,
} from './support/browser.ts'
import { operatorOf, type TestOperator } from './support/operator.ts'
import { makeStack, type TestStack } from './support/stack.ts'

const hostile = '<img src=x onerror="document.title=1">'
const manifest = `name: shop
backup: { schedule: { backup: "0 3 * * *", verify: "@daily" } }
persist:
  app: { subpath: ./data/app }
  uploads: { subpath: ./data/uploads }
services:
  db: { runtime: container, backup: { dump: dump, restore: restore } }
`

engineSuite('the page in a browser', ['chromium'], () => {
  let browser: Browser & AsyncDisposable
  beforeAll(async () => {
    browser = await launchBrowser()
  }, 60_000)
  afterAll(() => browser?.[Symbol.asyncDispose]())

  /** A stack with a complete, a partial and a damaged snapshot, and somebody who is signed in. */
  async function shop(): Promise<{ stack: TestStack; operator: TestOperator; tab: Tab; token: string }> {
    const stack = await makeStack({ 'angee.yaml': manifest })
    let refuses = false
    stack.give(
      'container',
      fakeRuntime({
        type: 'fake-container',
        services: {
          db: {
            commands: {
              dump: (io) => (refuses ? exits(1, `no such role ${hostile}\n`) : emits(Buffer.from('rows')))(io),
              restore: takes(() => undefined),
            },
          },
        },
      }),
    )
    const operator = await operatorOf(stack)
    await operator.done('/stack/backup', { name: 'first', labels: { note: hostile } })
    await operator.done('/stack/backup', { name: 'whole' })
    refuses = true
    await operator.done('/stack/backup', { name: 'half', allow_partial: true })
    refuses = false
    await updateRecords(fileStore(join(stack.root, 'run/backup'), nodeFiles), (all) =>
      all.map((one) => (one.name === 'whole' ? { ...one, damagedAt: new Date().toISOString() } : one)),
    )
    const token = await operator.mint(['admin'], { name: 'a person' })
    const tab = await openTab(browser, operator.url)
    await signIn(tab, token)
    return { stack, operator, tab, token }
  }

  const text = ({ page }: Tab): Promise<string> => inPage(page, "document.querySelector('main').innerText")

  it('shows what there is, and keeps to itself', async () => {
    const { operator, tab, token } = await shop()
    const { page, complaints, requested } = tab
    const shown = await text(tab)
    expect(shown).toMatch(/first\s+complete/)
    expect(shown).toMatch(/half\s+partial/)
    expect(shown).toMatch(/whole\s+damaged/)
    expect(shown).toContain('0 3 * * * UTC')
    expect(await page.title()).toBe('Snapshots – angee')
    expect(await inPage(page, "document.querySelector('#stack').textContent")).toBe('shop')
    for (const [name, hash, title] of [
      ['home', '#/', /^Snapshots$/],
      ['snapshot', '#/snapshots/first', /^first$/],
      ['partial', '#/snapshots/half', /^half$/],
      ['restore', '#/restore/first', /^Restore first$/],
      ['restore-partial', '#/restore/half', /^Restore half$/],
      ['operations', '#/operations', /^Operations$/],
    ] as const) {
      await go(page, hash, title)
      for (const scheme of ['light', 'dark'] as const) {
        expect(await violations(page, scheme), `${name}, ${scheme}`).toEqual([])
        await screenshot(page, `${name}-${scheme}`)
      }
      await page.setViewport({ width: 360, height: 800 })
      const width = await inPage<number>(page, 'document.documentElement.scrollWidth')
      expect(width, `${name} at 360 pixels`).toBeLessThanOrEqual(360)
      await screenshot(page, `${name}-narrow`)
      await page.setViewport({ width: 1200, height: 800 })
    }
    await go(page, '#/snapshots/first', /^first$/)
    expect(await text(tab)).toContain(hostile)
    await go(page, '#/snapshots/half', /^half$/)
    expect(await text(tab)).toMatch(/service\/db: .*no such role <img/)
    expect(await page.$$('main img')).toEqual([])
    const origin = new URL(operator.url).origin
    expect(requested.filter((url) => new URL(url).origin !== origin)).toEqual([])
    expect(requested.join()).not.toContain(token)
    expect(await inPage(page, 'JSON.stringify({ ...localStorage, cookie: document.cookie })')).toBe('{"cookie":""}')
    expect(await page.content()).not.toContain(token)
    expect(complaints).toEqual([])
  })

  it('restores with the keyboard alone, once the plan has been read', async () => {
    const { stack, tab } = await shop()
    const { page, complaints } = tab
    await writeFile(join(stack.root, 'data/app/one.txt'), 'changed\n')
    const press = async (key: string, until: string): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab')
        const at = await inPage<string>(page, 'document.activeElement.innerText.trim()')
        if (at.startsWith(until)) return page.keyboard.press(key as 'Enter')
      }
      throw new Error(`"${until}" is not reached`)
    }
    // The rows are the newest first; the first one taken is the last.
    await go(page, '#/snapshots/first', /^first$/)
    await press('Enter', 'Restore…')
    await heading(page, /^Restore first$/)
    expect(await text(tab)).toMatch(/persist\/app[\s\S]*replaced by what is in the snapshot/)
    const isDisabled = (): Promise<boolean> => inPage(page, "document.querySelector('button.danger').disabled")
    await page.focus('#confirm')
    await page.keyboard.type('sho')
    expect(await isDisabled()).toBe(true)
    await page.keyboard.press('Enter')
    expect(await text(tab)).toContain('Nothing has been done yet')
    await page.keyboard.type('p')
    expect(await isDisabled()).toBe(false)
    await page.keyboard.press('Enter')
    await heading(page, /^restore /)
    await until(page, "document.querySelector('main dl').textContent.includes('succeeded')")
    expect(await page.$('button.danger')).toBeNull()
    expect(await inPage(page, "document.querySelector('#status').textContent")).toBe('restore succeeded')
    expect(await violations(page, 'light')).toEqual([])
    await screenshot(page, 'operation-done')
    expect(await readFile(join(stack.root, 'data/app/one.txt'), 'utf8')).toBe('one\n')
    expect(complaints).toEqual([])
  })

  it('shows the plan anew when it has changed, and restores nothing', async () => {
    const { stack, tab } = await shop()
    const { page } = tab
    await go(page, '#/restore/first', /^Restore first$/)
    const { rm } = await import('node:fs/promises')
    await rm(join(stack.root, 'data/uploads'), { recursive: true })
    await page.type('#confirm', 'shop')
    await page.keyboard.press('Enter')
    await until(page, "document.body.innerText.includes('the plan has changed since you read it')")
    expect(await inPage(page, "document.querySelector('#confirm').value")).toBe('')
    await screenshot(page, 'restore-changed')
  })

  it('follows an operation live, through a connection that breaks, and cancels it', async () => {
    const stack = await makeStack()
    const going = Promise.withResolvers<void>()
    await stack.write({
      'angee.yaml': `name: shop
persist: { app: { subpath: ./data/app } }
services: { db: { runtime: container, backup: { dump: dump, restore: restore } } }
`,
    })
    stack.give(
      'container',
      fakeRuntime({
        type: 'fake-container',
        services: {
          db: {
            commands: {
              dump: async ({ stdout, signal }) => {
                stdout.write('x'.repeat(50_000))
                await Promise.race([going.promise, new Promise((resolve) => signal.addEventListener('abort', resolve))])
                signal.throwIfAborted()
                return 0
              },
              restore: async () => 0,
            },
          },
        },
      }),
    )
    const operator = await operatorOf(stack)
    const tab = await openTab(browser, operator.url)
    const { page } = tab
    await signIn(tab, await operator.mint(['admin']))
    await page.type('#name', 'live')
    await page.click('button.main')
    await heading(page, /^backup /)
    await until(page, "document.querySelector('.parts').textContent.includes('service/db')")
    expect(await text(tab)).toContain('running')
    await screenshot(page, 'operation-running')
    await page.setOfflineMode(true)
    await page.setOfflineMode(false)
    expect(await violations(page, 'light')).toEqual([])
    await page.click('button.danger')
    await until(page, "document.querySelector('main dl').textContent.includes('cancelled')")
    expect(await text(tab)).toContain('INTERRUPTED')
    going.resolve()
  })

  it('says what a wrong or a small token may not do, and forgets it when told to', async () => {
    const { operator, tab } = await shop()
    const { page } = tab
    await page.click('#sign-out')
    await page.waitForSelector('#token')
    expect(await violations(page, 'light')).toEqual([])
    expect(await violations(page, 'dark')).toEqual([])
    expect(await inPage(page, 'JSON.stringify({ ...sessionStorage })')).toBe('{}')
    await page.type('#token', 'wrong')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.trouble')
    await screenshot(page, 'sign-in')
    expect(await text(tab)).toContain('UNAUTHENTICATED')
    await page.evaluate("document.querySelector('#token').value = ''")
    await page.type('#token', await operator.mint(['read']))
    await page.keyboard.press('Enter')
    await heading(page, /^Snapshots$/)
    await page.click('button.main')
    await page.waitForSelector('.trouble')
    expect(await text(tab)).toContain('FORBIDDEN')
    await go(page, '#/snapshots/nothing', /^Not found$/)
    expect(await text(tab)).toContain('SNAPSHOT_NOT_FOUND')
    await go(page, '#/elsewhere', /^Not found$/)
  })

  it('is quick with ten thousand snapshots: it shows the newest, and older ones on demand', async () => {
    const { stack, operator } = await shop()
    await updateRecords(fileStore(join(stack.root, 'run/backup'), nodeFiles), ([record]) =>
      Array.from({ length: 10_000 }, (_, index) => ({
        ...(record as NonNullable<typeof record>),
        id: `01${String(index).padStart(24, '0')}`,
        name: `number-${index}`,
        createdAt: new Date(Date.now() - (10_000 - index) * 3_600_000).toISOString(),
      })),
    )
    const tab = await openTab(browser, operator.url)
    await signIn(tab, await operator.mint(['read']))
    const rows = (): Promise<number> => inPage(tab.page, "document.querySelectorAll('main tbody tr').length")
    const before = await rows()
    expect(before).toBeLessThan(120)
    await tab.page.click('button::-p-text(Show older)')
    await until(tab.page, `document.querySelectorAll('main tbody tr').length >= ${before + 100}`)
    expect(await text(tab)).toContain('number-9850')
    await screenshot(tab.page, 'many')
  })
})
