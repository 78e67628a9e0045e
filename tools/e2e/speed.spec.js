// SPDX-License-Identifier: EUPL-1.2
// What a page weighs and when its largest part is painted, on a telephone of some years and a slow net: 4 times slower a processor, 1.6
// Mbit/s. Bytes are what came over the wire, heads and compression and all, for who has nothing of it yet; they are the same on every
// machine. Times are the median of five, with twice the time that the design allows: machines that test are shared.
import { caretaker, coordinator } from './town.js'
import { expect, test, widths } from './test.js'

const KB = 1024
const slack = 2
const budgets = [
  { page: '/rapportera', who: caretaker, width: widths.phone, bytes: 15 * KB, lcp: 1200 },
  { page: '/', who: coordinator, width: widths.laptop, bytes: 60 * KB, lcp: 1800 },
]

for (const budget of budgets) {
  test(`${budget.page} is light and quick`, async ({ browserOf }) => {
    const runs = []
    for (let i = 0; i < 5; i++) runs.push(await load(await browserOf(budget.who, budget.width), budget.page))
    const [bytes] = runs.map((run) => run.bytes).sort((a, b) => b - a)
    const lcp = runs.map((run) => run.lcp).sort((a, b) => a - b)[2]
    console.log(`${budget.page}: ${bytes} bytes of ${budget.bytes}, largest paint after ${Math.round(lcp)} ms of ${budget.lcp} (${runs.map((r) => Math.round(r.lcp)).join(', ')})`)
    expect(bytes).toBeLessThan(budget.bytes)
    expect(lcp).toBeLessThan(budget.lcp * slack)
  })
}

/** load opens a page in a browser that has nothing yet. */
async function load(page, path) {
  const cdp = await page.context().newCDPSession(page)
  let bytes = 0
  let painted = 0
  cdp.on('Network.loadingFinished', (one) => (bytes += one.encodedDataLength))
  cdp.on('PerformanceTimeline.timelineEventAdded', ({ event }) => (painted = Math.max(painted, event.lcpDetails.renderTime * 1000)))
  await cdp.send('Network.enable')
  await cdp.send('PerformanceTimeline.enable', { eventTypes: ['largest-contentful-paint'] })
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 })
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  await page.goto(path, { waitUntil: 'load' })
  await expect.poll(() => painted).toBeGreaterThan(0)
  const began = await page.evaluate(() => performance.timeOrigin)
  await cdp.detach()
  return { bytes, lcp: painted - began }
}
