import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
/** Screenshots are kept here, as output of the tests. */
const SHOTS = fileURLToPath(new URL('../../../test-output/', import.meta.url))
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
/** A page that a call must happen for may take this long, milliseconds. */
export const CALL_MS = 30_000

export const PHONE = { width: 375, height: 740 } as const
export const DESKTOP = { width: 1280, height: 800 } as const

/** @returns undefined, said aloud, where this machine has no Chromium */
export async function openBrowser(
  t: ExecutionContext,
  viewport: { readonly width: number; readonly height: number },
): Promise<BrowserContext | undefined> {
  const executablePath = PLACES.find((path) => path !== undefined && existsSync(path))
  if (executablePath === undefined) {
    t.log('SKIPPED: there is no Chromium here (apt-get install chromium, or set CHROMIUM)')
    t.pass()
    return undefined
  }
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  const context = await browser.newContext({ viewport })
  context.setDefaultTimeout(CALL_MS)
  return context
}

/** A picture of the page, and what axe-core says of it: nothing serious. */
export async function look(t: ExecutionContext, page: Page, name: string): Promise<void> {
  await mkdir(SHOTS, { recursive: true })
  await page.screenshot({ path: `${SHOTS}${name}.png`, fullPage: true })
  await page.evaluate(await readFile(AXE, 'utf8'))
  const found = await page.evaluate('axe.run()')
  const { violations } = found as { violations: { id: string; impact: string; nodes: { html: string }[] }[] } // axe's own answer
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  t.deepEqual(
    serious.map(({ id, nodes }) => `${name}: ${id} ${nodes[0]?.html}`),
    [],
  )
}
