// SPDX-License-Identifier: EUPL-1.2
// What a test may ask of the town that runs: people, by the command that an administrator uses, and the mails that were written.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const program = process.env.SAMSYN_E2E_PROGRAM
const data = process.env.SAMSYN_E2E_DATA
export const municipality = process.env.SAMSYN_E2E_MUNICIPALITY
const run = promisify(execFile)

/** samsyn runs a command on the installation and returns what it writes. */
export async function samsyn(...args) {
  const { stdout } = await run(program, [...args, '--data', data, '--output', 'json'])
  return JSON.parse(stdout)
}

/** person adds somebody with these roles and returns { person, link }: the link signs in once. */
export async function person(who) {
  const args = ['person', 'add', who.email ?? `${randomUUID()}@vaxjo.example.org`, '-m', municipality, '--name', who.name, '--agency', who.agency]
  for (const role of who.roles) args.push('--role', role)
  if (who.unit) args.push('--unit', who.unit)
  return samsyn(...args)
}

export const caretaker = { agency: 'bostad', unit: 'norr', roles: ['reporter'], name: 'Vaktmästaren' }
export const coordinator = { agency: 'kommunen', roles: ['coordinator', 'agency_lead', 'admin'], name: 'Samordnaren' }
export const police = { agency: 'polisen', roles: ['member'], name: 'Sam Lind' }
export const lead = { agency: 'bostad', roles: ['agency_lead', 'reporter'], name: 'Maj Dahl' }

/** signIn makes somebody new and signs them in to a browser context without going through the pages. */
export async function signIn(context, who) {
  const added = await person(who)
  const answer = await context.request.post(added.link, { maxRedirects: 0 })
  if (answer.status() !== 303) throw new Error(`signing in answers ${answer.status()}`)
  return added.person
}

/** mails are the letters in the installation's mail folder, each { to, subject, text, links }. */
export async function mails() {
  const folder = join(data, 'mail')
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.eml')).sort()
  return Promise.all(names.map(async (name) => letter(await readFile(join(folder, name), 'latin1'))))
}

function letter(raw) {
  const at = raw.indexOf('\r\n\r\n')
  const head = raw.slice(0, at).replace(/\r\n[ \t]+/g, ' ')
  const field = (name) => head.match(new RegExp(`^${name}: (.*)$`, 'im'))?.[1] ?? ''
  const boundary = field('Content-Type').match(/boundary="?([^";]+)/)?.[1]
  const parts = boundary ? raw.slice(at).split(`--${boundary}`) : [raw]
  const plain = parts.find((part) => /content-type: text\/plain/i.test(part)) ?? raw
  const text = decode(plain.slice(plain.indexOf('\r\n\r\n') + 4), /quoted-printable/i.test(plain))
  return { to: field('To'), subject: field('Subject'), text, links: text.match(/https?:\/\/[^\s<>]+/g) ?? [] }
}

function decode(body, quoted) {
  const bytes = quoted
    ? body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
    : body
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
