import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { cityPeople, people, registerCsv, type DemoPerson } from './people.ts'
import { pictureOf } from './photographs.ts'
import { portals, type DemoPortal } from './portals.ts'
import { CommandFailed, type Yideng } from './provider.ts'

export interface RegisteredPortal {
  name: string
  url: string
  clientId: string
  clientSecret: string
}

/** Content of portals.json, because secrets are shown only once. */
interface Kept extends RegisteredPortal {
  flags: string[]
}

/** Fills the store through the command line, like an administrator. Existing data stays. */
export async function setUp(options: {
  yideng: Yideng
  dataDir: string
  resource: string
  urlOf: (index: number) => string
}): Promise<RegisteredPortal[]> {
  const { yideng, dataDir, resource, urlOf } = options
  const file = join(dataDir, 'portals.json')
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept[]
  const [persons, clients] = (await Promise.all([
    yideng(['person', 'list', '--limit', '1000']),
    yideng(['client', 'list']),
  ])) as [{ phone: string }[], { client_id: string; name: string }[]]

  const portalTasks = portals.map((portal, index) => async (): Promise<Kept> => {
    const url = urlOf(index)
    const flags = flagsOf(portal, url, resource)
    const same = clients.filter(({ name }) => name === portal.name).map((client) => client.client_id)
    const known = kept.find((one) => isDeepStrictEqual(one.flags, flags) && same.includes(one.clientId))
    if (known) return known
    for (const id of same) await yideng(['client', 'delete', id])
    const created = (await yideng(['client', 'create', ...flags])) as { client_id: string; client_secret: string }
    return { name: portal.name, url, flags, clientId: created.client_id, clientSecret: created.client_secret }
  })

  // Lists mask personal data; the last digits of the phone number identify a person.
  const missing = people.filter(({ phone }) => !persons.some((one) => one.phone.endsWith(phone.slice(-4))))
  if (missing.length > 0) {
    await fillRegister(yideng, dataDir)
  }
  const personTasks = missing.map((person) => () => openAccount(yideng, person))

  const registered: Kept[] = []
  await inTurns([
    ...portalTasks.map((task, index) => async () => void (registered[index] = await task())),
    ...personTasks,
  ])
  writeFileSync(file, `${JSON.stringify(registered, undefined, 2)}\n`, { mode: 0o600 })
  return registered.map(({ flags: _flags, ...portal }) => portal)
}

const isOfProvince = (username: string) => people.some((one) => one.username === username)

/** The population register, with photographs of some people; only their templates are stored (docs/face.md). */
async function fillRegister(yideng: Yideng, dataDir: string): Promise<void> {
  const csv = join(dataDir, 'people.csv')
  // the register of a province has the people of its cities too
  writeFileSync(csv, registerCsv([...people, ...cityPeople.filter(({ username }) => !isOfProvince(username))]))
  const photos = mkdtempSync(join(dataDir, 'photographs-'))
  try {
    for (const { documentNumber, photograph } of people) {
      if (photograph) await (await pictureOf(photograph)).jpeg().toFile(join(photos, `${documentNumber}.jpg`))
    }
    await yideng(['register', 'import', csv, '--kind', 'people', '--photos', photos])
  } finally {
    rmSync(photos, { recursive: true })
  }
}

function flagsOf(
  { name, organisation, region, consent, forOrganisations }: DemoPortal,
  url: string,
  resource: string,
): string[] {
  const flags = {
    name,
    organisation,
    region,
    uri: `${url}/`,
    'redirect-uri': `${url}/callback`,
    'post-logout-redirect-uri': `${url}/`,
    'backchannel-logout-uri': `${url}/backchannel-logout`,
    scope: forOrganisations ? 'openid profile phone representee' : 'openid profile phone',
    ...(forOrganisations ? { representee: 'required', 'min-level': '3' } : {}),
    resource,
    consent,
  }
  return Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])
}

/** The register decides the level. */
export async function openAccount(yideng: Yideng, person: DemoPerson): Promise<void> {
  const { name, documentType, documentNumber, phone, username, password } = person
  const flags = { name, 'document-type': documentType, 'id-number': documentNumber, phone, username }
  const argv = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])
  await yideng(['person', 'create', ...argv, '--password-stdin'], `${password}\n`).catch((error: unknown) => {
    const there = error instanceof CommandFailed && error.message.includes('belongs to another account already')
    if (!there) throw error
  })
}

/** Each command is a process, so there are as many at once as processors. */
async function inTurns(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const waiting = tasks.values()
  const work = async () => {
    for (const task of waiting) await task()
  }
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work))
}
