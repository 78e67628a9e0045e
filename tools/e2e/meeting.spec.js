// SPDX-License-Identifier: EUPL-1.2
// A secretary with a meeting: from the agenda to the minutes, with the wall beside it, which shows nothing that people wrote.
import { coordinator, mails, person, police } from './town.js'
import { expect, follow, inspect, test } from './test.js'

const canary = 'KANARIEFÅGEL'
const textOf = (page) => page.evaluate(() => document.documentElement.outerHTML)

test('a meeting from start to minutes', async ({ browserOf }) => {
  test.slow()
  await person({ ...coordinator, name: 'Eva Holm', agency: 'bostad' })
  const secretary = await browserOf(coordinator)
  const wall = await browserOf(police)
  const shown = async () => { // the page that stays on one item is the one that axe has time for
    await wall.goto(wallPath)
    const html = await textOf(wall)
    expect(html, 'what people wrote, on the wall').not.toContain(canary)
    return html
  }

  // Prepared already; one question of our own is added, and nothing has to be.
  await secretary.goto('/mote')
  await inspect(secretary, 'meeting-prepare')
  await secretary.getByLabel('Egen punkt').fill(`${canary} om cykelställen`)
  await secretary.getByRole('button', { name: 'Lägg till' }).click()
  await expect(secretary.locator('.agenda')).toContainText(canary)
  await secretary.getByRole('button', { name: 'Starta mötet' }).click()
  await expect(secretary.getByRole('heading', { level: 1 })).toContainText('Möte pågår')
  await inspect(secretary, 'meeting-opening')
  const id = new URL(secretary.url()).pathname
  const wallPath = `${id}/visa`

  // Who is here.
  // Who sees no numbers stays away: while they are here the wall shows none.
  for (const seat of await secretary.locator('label.radio:has(input[name=here])').filter({ hasNotText: 'inga siffror' }).all()) await seat.click()
  await follow(secretary.getByRole('button', { name: 'Spara närvaro' }))
  await inspect(secretary, 'meeting-attendance')
  await shown()
  await expect(wall.getByRole('heading', { level: 1 })).toHaveText(/Öppning/)

  // Every item in turn, by one button; the wall follows by itself.
  let decided = 0
  const next = secretary.getByRole('button', { name: 'Nästa punkt' })
  while (await next.count()) {
    await follow(next)
    await shown()
    const form = secretary.locator('form.decision')
    if (await form.count() && decided === 0) {
      await inspect(secretary, 'meeting-place')
      await form.locator('label', { hasText: 'Åtgärd' }).first().click()
      await form.locator('[name=measure]').selectOption({ index: 1 })
      await form.locator('[name=owner]').selectOption('kommunen')
      await form.locator('[name=measure_text]').fill(`${canary} fredag och lördag`)
      await form.locator('[name=note]').fill(`${canary} belysningen är trasig`)
      await form.getByRole('button', { name: 'Spara beslut' }).click()
      await expect(secretary.locator('p[role=status]')).toContainText('Sparat')
      await inspect(secretary, 'meeting-decided')
      decided++
      await shown()
      await expect(wall.locator('.said')).toContainText('kommunen', { ignoreCase: true })
    } else if (await form.count()) {
      await form.locator('label', { hasText: 'Bevaka' }).first().click()
      await form.getByRole('button', { name: 'Spara beslut' }).click()
      await expect(secretary.locator('p[role=status]')).toContainText('Sparat')
      decided++
    }
  }
  expect(decided, 'places that were decided').toBeGreaterThan(0)
  await inspect(secretary, 'meeting-closing')
  await wall.goto(wallPath)
  await expect(wall.locator('main li')).not.toHaveCount(0)
  await follow(wall.locator('a[rel=prev]'))
  await inspect(wall, 'wall')

  // The end: minutes, mails to those who own something, a picture of what was decided.
  const before = (await mails()).length
  await secretary.getByRole('button', { name: 'Avsluta mötet' }).click()
  await expect(secretary).toHaveURL(/protokoll/)
  await expect(secretary.getByRole('heading', { level: 1 })).toContainText('Protokoll')
  await expect(secretary.locator('main table tbody tr')).toHaveCount(decided)
  await inspect(secretary, 'minutes')
  await secretary.locator('textarea[name=notes]').fill(`${canary} mötet började i tid`)
  await follow(secretary.getByRole('button', { name: 'Spara anteckningar' }))
  await inspect(secretary, 'minutes-notes')
  await follow(secretary.getByRole('button', { name: /uster/ }))
  await expect(secretary.getByRole('button', { name: 'Spara anteckningar' })).toHaveCount(0)
  await inspect(secretary, 'minutes-adjusted')
  await shown()
  await expect.poll(async () => (await mails()).length, { timeout: 30_000 }).toBeGreaterThan(before)
})
