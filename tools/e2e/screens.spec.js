// SPDX-License-Identifier: EUPL-1.2
// The pages that no other test comes by, for each role, with what they show when there is nothing and when something is refused.
import { caretaker, coordinator, lead, mails, police } from './town.js'
import { expect, follow, inspect, test, tile, widths } from './test.js'

const main = (page) => page.locator('main')

async function look(page, name, path) {
  await page.goto(path)
  await inspect(page, name)
}

test('everything that a coordinator reads', async ({ browserOf }) => {
  test.slow()
  const page = await browserOf(coordinator)
  await look(page, 'overview', '/')
  await look(page, 'overview-map-of-change', '/?map=change')
  await look(page, 'overview-english', '/?lang=en')
  await look(page, 'overview-week-before', '/')
  await follow(page.getByRole('link', { name: /◂ v\./ }))
  await inspect(page, 'overview-week-before')
  await follow(main(page).locator('.place h3 a').last())
  await inspect(page, 'place-rise')
  await look(page, 'incidents', '/handelser')
  await look(page, 'incidents-none', '/handelser?from=2020-01-01&to=2020-01-02')
  await look(page, 'incidents-wrong', '/handelser?from=yesterday')
  await look(page, 'situations', '/lagesbild')
  await follow(main(page).locator('a[href^="/lagesbild/"]').first())
  await inspect(page, 'situation')
  await look(page, 'meeting-calendar', '/mote/kalender')
  await look(page, 'calendar', '/kalender')
  await look(page, 'not-found', '/plats/00000000-0000-0000-0000-000000000000')
})

test('a coordinator writes the words of a situation report', async ({ browserOf }) => {
  const page = await browserOf(coordinator)
  await page.goto('/lagesbild')
  await follow(main(page).locator('a[href^="/lagesbild/"]').first())
  const words = main(page).locator('textarea').first()
  await page.locator('details', { has: page.locator('textarea') }).locator('summary').first().click()
  await words.fill('Skadegörelsen ökar kring skolgården, 19811218-9876')
  await follow(main(page).locator('form', { has: page.locator('textarea') }).first().locator('button').first())
  await inspect(page, 'situation-refused')
  await expect(words).toHaveValue(/Skadegörelsen ökar/)
  if (!(await words.isVisible())) await page.locator('details', { has: page.locator('textarea') }).locator('summary').first().click()
  await words.fill('Skadegörelsen ökar kring skolgården.')
  await follow(main(page).locator('form', { has: page.locator('textarea') }).first().locator('button').first())
  await expect(main(page)).toContainText('Skadegörelsen ökar kring skolgården.')
  await inspect(page, 'situation-written')
})

test('an action from proposed to done', async ({ browserOf }) => {
  test.slow()
  const page = await browserOf(coordinator)
  await look(page, 'action-new', '/atgarder/ny')
  await page.locator('#area').selectOption({ index: 2 })
  await page.locator('#owner_agency').selectOption('kommunen')
  await page.locator('#measure').selectOption({ index: 1 })
  await page.locator('#problem').fill('Lampan är sönder. Ring 070-123 45 67')
  await follow(page.locator('button.primary'))
  await inspect(page, 'action-refused')
  await expect(page.locator('#problem')).toHaveValue(/Lampan/)
  await page.locator('#problem').fill('Lampan vid gångvägen är sönder.')
  await follow(page.locator('button.primary'))
  await expect(page).toHaveURL(/\/atgarder\/[0-9a-f-]{36}/)
  await inspect(page, 'action-decided')
  const at = page.url()
  await follow(page.locator('a[href*="/andra"]').first())
  await inspect(page, 'action-edit')
  for (let step = 1; step <= 2; step++) {
    await page.goto(at)
    const form = main(page).locator('form[action*="/lage"]', { has: page.locator('button.primary') }).first()
    for (const words of await form.locator('textarea').all()) await words.fill('Lampan lyser igen.')
    await follow(form.locator('button.primary'))
    await inspect(page, `action-step-${step}`)
  }
  await look(page, 'actions-all', '/atgarder?state=all')
})

test('an agency lead mends what was held', async ({ browserOf }) => {
  const page = await browserOf(lead, widths.phone)
  await look(page, 'quarantine', '/karantan')
  await follow(page.getByRole('link', { name: 'Rätta' }).first(), 'tap')
  await inspect(page, 'quarantine-correct')
  await page.locator('#text').fill('Glas på marken, ring 19811218-9876')
  await follow(page.locator('button.primary'), 'tap')
  await inspect(page, 'quarantine-correct-refused')
  await page.locator('#kind').selectOption('broken_window')
  await page.locator('#text').fill('Glas på marken')
  await follow(page.locator('button.primary'), 'tap')
  await inspect(page, 'quarantine-corrected')
  await expect(async () => {
    await page.goto('/karantan')
    await expect(main(page).locator('.mine > li')).toHaveCount(0, { timeout: 10 })
  }).toPass()
  await inspect(page, 'quarantine-empty')
})

test('an agency lead drops what was held, and releases what cannot be', async ({ browserOf }) => {
  const page = await browserOf(coordinator)
  await page.goto('/karantan')
  const waiting = main(page).locator('.mine > li')
  const before = await waiting.count()
  await follow(main(page).locator('form[action*="/slapp"] button').first())
  await inspect(page, 'quarantine-released')
  await page.goto('/karantan')
  await follow(main(page).locator('form[action*="/avskriv"] button').first())
  await expect(waiting).not.toHaveCount(before)
  await inspect(page, 'quarantine-dropped')
})

test('an administrator lets somebody in, and out', async ({ browserOf }) => {
  const page = await browserOf(coordinator)
  await look(page, 'people', '/personer')
  await page.getByLabel('Namn').fill('Ny Person')
  await page.getByLabel(/post/).fill('ny.person@vaxjo.example.org')
  await follow(main(page).locator('button.primary'))
  await inspect(page, 'people-refused')
  await expect(page.getByLabel('Namn')).toHaveValue('Ny Person')
  await main(page).locator('#agency').selectOption({ index: 1 })
  await main(page).locator('#roles label').first().click()
  await follow(main(page).locator('button.primary'))
  await inspect(page, 'people-invited')
  await page.goto('/personer')
  await follow(page.getByRole('button', { name: /Ny Person/ }).last())
  await inspect(page, 'people-disabled')
})

test('a police officer reads what is shared', async ({ browserOf }) => {
  const page = await browserOf(police)
  await look(page, 'member-overview', '/')
  await look(page, 'member-incidents', '/handelser')
  await look(page, 'member-meeting', '/mote')
  await look(page, 'member-actions', '/atgarder')
  await look(page, 'member-refused', '/personer')
})

test('a caretaker who has reported nothing, and comes where no caretaker may', async ({ browserOf }) => {
  const page = await browserOf(caretaker, widths.small)
  await look(page, 'my-reports-none', '/mina-rapporter')
  await page.goto('/')
  await expect(page).toHaveURL(/\/rapportera/)
  await look(page, 'report-in-english', '/rapportera?lang=en')
  await look(page, 'caretaker-refused', '/handelser')
  await page.goto('/rapportera')
  await page.getByLabel('Sök adress eller fastighet').fill('Ingenstans 99')
  await follow(page.getByRole('button', { name: 'Sök' }), 'tap')
  await inspect(page, 'report-no-such-place')
  await page.locator('summary').first().tap()
  await page.locator('summary').last().tap()
  await tile(page, 'Annan tid').tap()
  await inspect(page, 'report-everything-open')
  await follow(page.getByRole('button', { name: 'Logga ut' }), 'tap')
  await inspect(page, 'signed-out')
})

test('somebody who is not signed in', async ({ browserOf }) => {
  const page = await browserOf(null, widths.phone)
  await look(page, 'sign-in-needed', '/')
  await look(page, 'sign-in', '/logga-in')
  await page.getByLabel(/post/).fill('ingen@vaxjo.example.org')
  await follow(main(page).locator('button.primary'), 'tap')
  await inspect(page, 'sign-in-sent')
  await look(page, 'sign-in-by-no-link', '/logga-in/0123456789abcdef0123456789abcdef')
  await look(page, 'nowhere', '/finns-inte')
})

test('every link of every mail leads to a page', async ({ browserOf }) => {
  const page = await browserOf(coordinator)
  const seen = new Set()
  for (const link of (await mails()).flatMap((mail) => mail.links)) {
    const kind = new URL(link).pathname.split('/')[1]
    if (seen.has(kind) || !link.startsWith(process.env.SAMSYN_E2E_URL)) continue
    seen.add(kind)
    await look(page, `from-mail-${kind}`, link)
  }
  expect([...seen]).toContain('plats')
})
