// SPDX-License-Identifier: EUPL-1.2
// A coordinator with a mail about a flagged place: to read it, to take a position, and not to lose what was typed when somebody else was
// first. One after the other, since all of them are about the same place.
import { coordinator, mails, person, police, samsyn } from './town.js'
import { expect, follow, inspect, Keys, test, tile, widths } from './test.js'

test.describe.configure({ mode: 'serial' })

/** told is the link to a place of the alert mail. The mail may be on its way when the first test starts. */
async function told() {
  let links = []
  await expect(async () => {
    links = (await mails()).flatMap((mail) => mail.links).filter((link) => link.includes('/plats/'))
    expect(links).not.toHaveLength(0)
  }).toPass({ timeout: 20_000 })
  return links[0]
}

const save = (page) => page.getByRole('button', { name: 'Spara beslut' })
const stored = async () => JSON.stringify([await samsyn('hotspots', '-m', '0780'), await samsyn('alerts', 'list')])

test('opening every link of every mail changes nothing', async ({ browserOf }) => {
  await told()
  const { link } = await person(coordinator) // as if it had come by mail
  const page = await browserOf(coordinator)
  const nobody = await browserOf(null)
  const links = [...new Set((await mails()).flatMap((mail) => mail.links)), link]
  const looks = ['/stallning', '/atgarder', new URL(await told()).pathname]
  const look = async () => {
    const seen = []
    for (const path of looks) seen.push(await (await page.request.get(path)).text())
    return [...seen, await stored()]
  }
  const before = await look()
  for (const one of links) {
    for (const someone of [nobody.request, page.request]) {
      const bare = someone === page.request ? {} : { maxRedirects: 0 }
      for (const method of ['HEAD', 'GET', 'GET']) await someone.fetch(one, { method, ...bare })
    }
  }
  expect(await look()).toEqual(before)
  // The link that signs in was opened four times and still signs in: once.
  expect((await nobody.request.post(link, { maxRedirects: 0 })).status()).toBe(303)
  expect((await page.request.post(link, { maxRedirects: 0 })).status()).not.toBe(303)
})

test('from the mail to a saved position in three clicks', async ({ browserOf }) => {
  const page = await browserOf(coordinator)
  let clicks = 0
  const click = async (locator) => {
    clicks++
    await locator.click()
  }
  clicks++ // the link in the mail
  await page.goto(await told())
  await inspect(page, 'place-waiting')
  await click(tile(page, 'Åtgärd'))
  await inspect(page, 'place-act')
  await click(save(page))
  await expect(page.locator('.saved')).toContainText('Sparat')
  expect(clicks).toBeLessThanOrEqual(3)
  await inspect(page, 'place-decided')

  // What was decided has an owner and a day, and the list of actions has it.
  await follow(page.getByRole('link', { name: 'Öppna åtgärden' }))
  await inspect(page, 'action')
  await page.goto('/atgarder')
  await expect(page.locator('tbody tr')).not.toHaveCount(0)
  await inspect(page, 'actions')
  await page.goto('/stallning')
  await inspect(page, 'positions')
})

test('without a pointer: to a position by keys alone', async ({ browserOf }) => {
  const page = await browserOf(coordinator, { viewport: widths.laptop.viewport })
  await page.goto(await told())
  const keys = new Keys(page)
  await keys.to(page.locator('form.position input[name=kind]').first())
  await keys.press('Space')
  await keys.press('ArrowDown') // from act to watch
  await expect(tile(page, 'Bevaka').locator('input')).toBeChecked()
  await keys.to(save(page))
  await keys.press('Enter')
  await expect(page.locator('.saved')).toContainText('Bevakas')
})

test('who is second sees both, and loses nothing', async ({ browserOf }) => {
  const first = await browserOf(coordinator)
  const second = await browserOf({ ...coordinator, name: 'Eva Holm' })
  for (const page of [first, second]) await page.goto(await told())
  await tile(first, 'Avskriv').click()
  await first.getByLabel('Orsak').selectOption({ index: 1 })
  await save(first).click()
  await expect(first.locator('.saved')).toBeVisible()

  await tile(second, 'Lämna över').click()
  await second.getByLabel('Till vem').selectOption({ index: 1 })
  await second.getByLabel('Anteckning').fill('Tas upp med skolan')
  await save(second).click()
  await expect(second.getByRole('heading', { level: 1 })).toHaveText('Någon annan hann före')
  await inspect(second, 'position-conflict')
  await expect(second.locator('.both')).toContainText('Avskriven')
  await expect(second.locator('.both')).toContainText('Lämnad över')
  await expect(second.getByLabel('Anteckning')).toHaveValue('Tas upp med skolan')
  await save(second).click()
  await expect(second.locator('.saved')).toContainText('Lämnad över')
})

test('what cannot be is said where it is, with everything else kept', async ({ browserOf }) => {
  const page = await browserOf(coordinator)
  await page.goto(await told())
  await tile(page, 'Avskriv').click()
  await page.getByLabel('Anteckning').fill('Samma sak som förra veckan')
  await save(page).click()
  await expect(page.locator('main')).toContainText('Välj varför platsen avskrivs')
  await inspect(page, 'position-refused')
  await expect(page.getByLabel('Anteckning')).toHaveValue('Samma sak som förra veckan')
})

test('a member reads, and is offered no decision', async ({ browserOf }) => {
  const page = await browserOf(police)
  await page.goto(await told())
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(save(page)).toHaveCount(0)
  await inspect(page, 'place-member')
})
