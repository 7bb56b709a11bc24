import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { provisionedFact } from '@angee/testkit'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'

/** A real browser without a window. Disposing ends it. */
export async function launchBrowser(): Promise<Browser & AsyncDisposable> {
  const asRoot = process.getuid?.() === 0
  const browser = await puppeteer.launch({
    executablePath: provisionedFact('CHROMIUM') ?? 'chromium',
    // Its sandbox refuses root, as which containers of CI run.
    args: [...(asRoot ? ['--no-sandbox'] : []), '--disable-dev-shm-usage', '--disable-gpu'],
    protocolTimeout: 60_000,
  })
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() })
}

/** A tab, and all that went wrong or went out in it. */
export interface Tab {
  page: Page
  /** What the console said, and what was thrown and not caught. */
  complaints: string[]
  /** Where requests went. */
  requested: string[]
}

export async function openTab(browser: Browser, url: string): Promise<Tab> {
  // Each has a session of its own.
  const context = await browser.createBrowserContext()
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const [complaints, requested]: [string[], string[]] = [[], []]
  page.on('console', (message) => {
    // That a request was refused is no fault of the page.
    const isRefusal = message.text().startsWith('Failed to load resource')
    if (['error', 'warn'].includes(message.type()) && !isRefusal) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => requested.push(request.url()))
  await page.goto(url)
  return { page, complaints, requested }
}

/** Signs in as a person does: with the keyboard. */
export async function signIn({ page }: Tab, token: string): Promise<void> {
  await page.waitForSelector('#token')
  await page.keyboard.type(token)
  await page.keyboard.press('Enter')
  await heading(page, /^Snapshots$/)
}

/**
 * Waits until an expression of the page holds. What runs in the page is text here: these are programs without a window,
 * and their types shall not pretend that there is one.
 */
export async function until(page: Page, expression: string): Promise<void> {
  try {
    await page.waitForFunction(expression)
  } catch (cause) {
    const shown = await inPage(page, "document.querySelector('main').innerText").catch(() => 'nothing')
    throw new Error(`${expression} does not hold. The page shows:\n${shown}`, { cause })
  }
}

/** What an expression of the page gives. */
export function inPage<Value>(page: Page, expression: string): Promise<Value> {
  return page.evaluate(expression) as Promise<Value>
}

/** Waits for the view whose title fits; it has the focus then. */
export async function heading(page: Page, title: RegExp): Promise<void> {
  const found = "document.querySelector('main h1')"
  await until(page, `${found} && ${title}.test(${found}.textContent) && document.activeElement === ${found}`)
}

/** Follows a link of the page. */
export async function go(page: Page, hash: string, title: RegExp): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}; undefined`)
  await heading(page, title)
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe finds wrong, in the colours of `scheme`. */
export async function violations(page: Page, scheme: 'light' | 'dark'): Promise<string[]> {
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
  // The page lets nobody put a script into it; the debugger's own world is another one.
  await page.evaluate(await readText(axe))
  return inPage(
    page,
    'axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`))',
  )
}

async function readText(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  return readFile(path, 'utf8')
}

/** For whoever wants to look: with ANGEE_SCREENSHOTS each view is kept in that directory. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const directory = process.env['ANGEE_SCREENSHOTS']
  if (!directory) return
  mkdirSync(directory, { recursive: true })
  await page.screenshot({ path: join(directory, `${name}.png`) as `${string}.png`, fullPage: true })
}
