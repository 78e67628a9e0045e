// SPDX-License-Identifier: EUPL-1.2
// A caretaker with a phone: from the link that was handed over to what became of the report.
import { caretaker, person } from './town.js'
import { expect, Finger, inspect, Keys, test, tile, widths } from './test.js'

const send = (page) => page.getByRole('button', { name: 'Skicka rapport' })
const receiptNumber = (page) => page.locator('.lead strong')

/** fill makes a report complete but for sending it: by search, as who has never reported must. */
async function fill(page, finger = new Finger()) {
  await finger.tap(tile(page, 'Klotter'))
  await finger.write(page.getByLabel('Sök adress eller fastighet'), 'Provgatan 17')
  await page.keyboard.press('Enter') // the phone's own keyboard has a key for it
  await finger.tap(tile(page, 'Provgatan 17'))
}

for (const name of ['phone', 'small']) {
  test(`a caretaker signs in by a link and reports in five taps (${name})`, async ({ browserOf }) => {
    const { link } = await person(caretaker)
    const page = await browserOf(null, widths[name])
    await page.goto(link)
    await inspect(page, `sign-in-by-link-${name}`)
    await page.getByRole('button').first().tap()
    await expect(page).toHaveURL(/\/rapportera/)
    await inspect(page, `report-empty-${name}`)

    const first = new Finger()
    await fill(page, first)
    await inspect(page, `report-filled-${name}`)
    await first.tap(send(page))
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Tack/)
    expect(first.taps, 'taps of who has never reported').toBeLessThanOrEqual(5)
    await expect(receiptNumber(page)).toHaveText(/\S/)
    await inspect(page, `receipt-${name}`)
    const number = await receiptNumber(page).textContent()

    await page.getByRole('link', { name: 'Mina rapporter' }).last().tap()
    await expect(page.locator('.mine li').filter({ hasText: number })).toContainText('Provgatan 17')
    await inspect(page, `my-reports-${name}`)

    // The second time the place is there to be chosen, and so is what happened most.
    await page.getByRole('link', { name: 'Rapportera' }).first().tap()
    const second = new Finger()
    await second.tap(tile(page, 'Klotter'))
    await second.tap(tile(page, 'Provgatan 17'))
    await second.tap(tile(page, 'I natt'))
    await second.tap(send(page))
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Tack/)
    expect(second.taps).toBeLessThanOrEqual(4)
  })
}

test('sent twice is one report', async ({ browserOf }) => {
  const page = await browserOf(caretaker, widths.phone)
  await page.goto('/rapportera')
  await fill(page)
  const asked = page.waitForRequest((r) => r.method() === 'POST')
  await send(page).dblclick()
  await expect(receiptNumber(page)).toHaveText(/\S/)
  const number = await receiptNumber(page).textContent()
  // A phone that has lost the answer sends the same once more.
  const request = await asked
  const again = await page.context().request.post(request.url(), {
    data: request.postData(), headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  })
  expect(await again.text()).toContain(number)
  await page.goto('/mina-rapporter')
  await expect(page.locator('.mine > li')).toHaveCount(1)
})

test('a personal number is stopped, and nothing that was filled in is lost', async ({ browserOf }) => {
  const page = await browserOf(caretaker, widths.phone)
  await page.goto('/rapportera')
  await fill(page)
  await tile(page, 'I går').tap()
  await tile(page, 'Har hänt här förut').tap()
  const text = page.getByLabel('Kort om händelsen')
  await text.fill('Klotter på dörren, 19811218-9876 såg det')
  await send(page).tap()
  await expect(page.locator('.faults')).toContainText('personnummer')
  await inspect(page, 'report-personal-number')
  await expect(text).toHaveValue('Klotter på dörren, 19811218-9876 såg det')
  for (const chosen of ['Klotter', 'Provgatan 17', 'I går', 'Har hänt här förut']) {
    await expect(tile(page, chosen).locator('input'), chosen).toBeChecked()
  }
  await text.fill('Klotter på dörren')
  await send(page).tap()
  await expect(receiptNumber(page)).toHaveText(/\S/)
})

test('what is missing is said, and the rest stays', async ({ browserOf }) => {
  const page = await browserOf(caretaker, widths.small)
  await page.goto('/rapportera')
  await page.getByLabel('Kort om händelsen').fill('Ruta krossad')
  await send(page).tap()
  await expect(page.locator('.faults a').first()).toBeVisible()
  await inspect(page, 'report-missing')
  await expect(page.getByLabel('Kort om händelsen')).toHaveValue('Ruta krossad')
})

test('a report is taken back within ten minutes', async ({ browserOf }) => {
  const page = await browserOf(caretaker, widths.phone)
  await page.goto('/rapportera')
  await fill(page)
  await send(page).tap()
  await page.getByRole('button', { name: /Ångra/ }).tap()
  await expect(page.locator('main')).toContainText(/tagit tillbaka|återtagen|Ångrad|tillbaka/i)
  await inspect(page, 'report-taken-back')
})

test('nothing to report is said in a few taps', async ({ browserOf }) => {
  const page = await browserOf(caretaker, widths.small)
  await page.goto('/inget-att-rapportera')
  await inspect(page, 'nothing-to-report')
  const finger = new Finger()
  await finger.tap(page.locator('label.tile').first())
  await finger.tap(page.locator('main form button.primary'))
  await expect(page.locator('main')).toContainText(/Tack|tack/)
  expect(finger.taps).toBeLessThanOrEqual(5)
  await inspect(page, 'nothing-to-report-done')
})

test('without a pointer: a report by keys alone, the focus never under the bar', async ({ browserOf }) => {
  const page = await browserOf(caretaker, { viewport: widths.small.viewport })
  await page.goto('/rapportera')
  const keys = new Keys(page)
  await keys.to(page.locator('input[name=kind]').first())
  await keys.press('Space')
  await keys.press('ArrowDown')
  await keys.to(page.getByLabel('Sök adress eller fastighet'))
  await page.keyboard.type('Provgatan 17')
  await keys.press('Enter')
  await expect(tile(page, 'Provgatan 17')).toBeVisible()
  await keys.to(page.locator('input[name=place]:checked')) // the one that is chosen: of a choice, Tab stops there
  const hit = tile(page, 'Provgatan 17').locator('input')
  for (let arrows = 0; !(await hit.isChecked()) && arrows < 3; arrows++) await keys.press('ArrowDown')
  await expect(hit).toBeChecked()
  await keys.to(page.locator('input[name=when]:checked'))
  await keys.press('ArrowRight')
  await keys.to(page.locator('input[name=before]'))
  await keys.press('Space')
  await keys.to(send(page))
  await keys.press('Enter')
  await expect(receiptNumber(page)).toHaveText(/\S/)
  // And all the way through the answer, to its end.
  await keys.to(page.getByRole('button', { name: /Ångra/ }))
})
