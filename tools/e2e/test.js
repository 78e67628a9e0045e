// SPDX-License-Identifier: EUPL-1.2
// What every test here has: people who are signed in, and a watch over everything that their browsers do.
import { join } from 'node:path'
import { test as base, expect } from '@playwright/test'
import AxeBuilder from '@axe-core/playwright'
import { signIn } from './town.js'

export { expect }

/** widths are those that people have: a phone, the narrowest one that WCAG 1.4.10 asks for, and a laptop. */
export const widths = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  small: { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  laptop: { viewport: { width: 1366, height: 768 } },
}

/** An error page is written to the console by Chromium itself; whether it was meant is for the test to say. */
const errorPage = /^Failed to load resource: the server responded with a status of 4\d\d/

/**
 * test has a fixture more: browserOf(who, width) is a page of somebody new who is signed in (null: who is not). At its end the test
 * fails if any of them asked another origin for anything, wrote an error to the console, or was answered with an error of ours.
 */
export const test = base.extend({
  browserOf: async ({ browser, baseURL }, use) => {
    const contexts = []
    const seen = []
    await use(async (who, width = widths.laptop) => {
      const context = await browser.newContext(width)
      contexts.push(context)
      watch(context, new URL(baseURL).origin, seen)
      if (who) await signIn(context, who)
      return context.newPage()
    })
    for (const context of contexts) await context.close()
    expect(seen, 'what browsers complained of').toEqual([])
  },
})

function watch(context, origin, seen) {
  context.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(origin + '/') && !url.startsWith('data:')) seen.push(`a request to ${url}`)
  })
  context.on('response', (response) => {
    if (response.status() >= 500) seen.push(`${response.status()} ${response.request().method()} ${response.url()}`)
  })
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !errorPage.test(message.text())) seen.push(`the console: ${message.text()}`)
  })
}

/**
 * inspect finds nothing wrong with a page as it is now: axe, one heading of the first rank, a title, no scrolling sideways at any width.
 * With SAMSYN_SCREENSHOTS it leaves a picture of each width there, under the name.
 */
export async function inspect(page, name) {
  expect(await page.locator('h1').count(), `headings of the first rank on ${name}`).toBe(1)
  expect(await page.title(), `title of ${name}`).toMatch(/\S – Samsyn$/)
  expect(await axe(page), `axe on ${name}`).toEqual([])
  const own = page.viewportSize()
  for (const [width, { viewport }] of Object.entries(widths)) {
    await page.setViewportSize(viewport)
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth)
    expect.soft(sideways, `width of ${name} on ${width}`).toBeLessThanOrEqual(viewport.width)
    if (process.env.SAMSYN_SCREENSHOTS) {
      await page.screenshot({ path: join(process.env.SAMSYN_SCREENSHOTS, width, `${name}.png`), fullPage: true, animations: 'disabled' })
    }
  }
  await page.setViewportSize(own)
}

/** axe returns what it finds, one line each. It is the only script that runs, and it alone needs them to be allowed. */
async function axe(page) {
  const cdp = await page.context().newCDPSession(page)
  // What is set is compared with what this session set before, so that it must be set to be unset.
  for (const value of [true, false]) await cdp.send('Emulation.setScriptExecutionDisabled', { value })
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze()
  await cdp.send('Emulation.setScriptExecutionDisabled', { value: true })
  await cdp.detach()
  return violations.flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.target.join(' ')}: ${node.failureSummary}`))
}

/** A Finger counts what it does on a page. To write it has to tap the field. */
export class Finger {
  taps = 0

  async tap(locator) {
    this.taps++
    await locator.tap()
  }

  async write(locator, text) {
    await this.tap(locator)
    await locator.pressSequentially(text)
  }
}

/** follow does what leads to another page, and waits until that is there. */
export async function follow(locator, how = 'click') {
  await Promise.all([locator.page().waitForNavigation({ waitUntil: 'load', timeout: 15_000 }), locator[how]()])
}

/** tile is what one taps of a choice. */
export const tile = (page, text) => page.locator('label.tile').filter({ hasText: text }).first()

/**
 * Keys is somebody without a pointer. Wherever the focus goes on the way it has to be seen: drawn around, in the window, and under
 * nothing.
 */
export class Keys {
  pressed = 0

  constructor(page) {
    this.page = page
  }

  async press(key) {
    this.pressed++
    await this.page.keyboard.press(key)
  }

  /** to goes to an element by Tab alone. */
  async to(locator, most = 120) {
    const wanted = await locator.elementHandle()
    for (let step = 0; step < most; step++) {
      await this.press('Tab')
      let there
      await expect(async () => { // what is outside comes in with the next frame
        const focus = await this.page.evaluate(whereFocusIs, wanted)
        there = focus.there
        expect(focus.faults, `focus after ${this.pressed} keys`).toEqual([])
      }).toPass({ timeout: 2_000, intervals: [20, 50, 100, 250] })
      if (there) return
    }
    throw new Error(`${locator} is not reached by ${most} tabs`)
  }
}

/** whereFocusIs runs in the page: whether the focus is where it is wanted, and what is wrong with how it is shown. */
function whereFocusIs(wanted) {
  const at = document.activeElement
  if (!at || at === document.body) return { there: false, faults: [] } // the browser's own controls, between the end and the start
  const name = `${at.tagName.toLowerCase()} ${at.name || at.textContent.trim().slice(0, 40)}`
  const faults = []
  // A tile shows the focus of the choice inside.
  const shown = at.closest('label') ?? at
  const drawn = [at, shown, ...at.querySelectorAll('*')].some((one) => {
    const { outlineStyle, outlineWidth, boxShadow, strokeWidth } = getComputedStyle(one)
    return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none' || (at instanceof SVGElement && parseFloat(strokeWidth) >= 4)
  })
  if (!drawn) faults.push(`${name}: nothing is drawn around it`)
  const box = at.getBoundingClientRect()
  const inside = box.top < innerHeight && box.bottom > 0 && box.left < innerWidth && box.right > 0
  if (!inside) faults.push(`${name}: it is outside of the window`)
  const x = Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1)
  for (const y of [box.top + 2, (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2, box.bottom - 2]) {
    if (!inside || y < 0 || y >= innerHeight) continue
    const top = document.elementFromPoint(x, y)
    const bar = top?.closest('.send')
    if (bar && !bar.contains(at)) faults.push(`${name}: it is under the bar with the button`)
  }
  return { there: at === wanted || at.contains(wanted), faults }
}
