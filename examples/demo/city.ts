import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { cityPeople, registerCsv, type DemoPerson } from './people.ts'
import { provePhones } from './phones.ts'
import { createYideng, startProvider, type Yideng } from './provider.ts'
import { openAccount } from './set-up.ts'

/** 佛山市: a second Yideng with its own people, which the first one takes as an upstream (docs/upstreams.md). */
export interface City {
  url: string
  people: readonly DemoPerson[]
  /** The list of upstreams for the first Yideng. */
  upstreamsFile: string
  close(): Promise<void>
}

const id = 'foshan'

/** Content of registration.json: what the client of this secret was registered with. */
interface Registered {
  flags: string[]
}

/**
 * Starts 佛山市 and registers the province there, through the command line.
 * @param options.province the issuer that takes it as an upstream
 */
export async function startCity(options: {
  dataDir: string
  port: number
  province: string
  environment: Record<string, string | undefined>
}): Promise<City> {
  const { dataDir, port, province } = options
  // not localhost: a browser sends the cookies of one host to all of its ports
  const url = `http://127.0.0.1:${port}`
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const environment = {
    ...options.environment,
    YIDENG_SERVICE_NAME: '佛山市统一身份认证',
    PORT: String(port),
    YIDENG_ISSUER: url,
    YIDENG_DATA_DIR: dataDir,
    YIDENG_KEYS_DIR: join(dataDir, 'keys'),
  }
  const provider = await startProvider(url, dataDir, environment)
  try {
    const yideng = createYideng(environment)
    const upstreamsFile = await register(yideng, dataDir, { city: url, province })
    await openAccounts(yideng, dataDir)
    await provePhones(environment, cityPeople)
    return { url, people: cityPeople, upstreamsFile, close: provider.close }
  } catch (error) {
    await provider.close()
    throw error
  }
}

/** The province is a portal of the city. Returns the file of its upstreams, with the secret beside it. */
async function register(yideng: Yideng, dataDir: string, at: { city: string; province: string }): Promise<string> {
  const own = `${at.province}/upstream/${id}`
  const flags = Object.entries({
    name: '广东省统一身份认证',
    region: '440000',
    'redirect-uri': `${own}/callback`,
    'post-logout-redirect-uri': `${own}/signed-out`,
    'backchannel-logout-uri': `${own}/backchannel-logout`,
    scope: 'openid profile phone identity',
    consent: 'implicit',
  }).flatMap(([flag, value]) => [`--${flag}`, value])
  const [file, secretFile] = [join(dataDir, 'registration.json'), join(dataDir, 'secret')]
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Registered) : undefined
  const list = join(dataDir, 'upstreams.json')
  if (before && isDeepStrictEqual(before.flags, flags)) return list
  const others = (await yideng(['client', 'list'])) as { client_id: string }[]
  for (const { client_id: other } of others) await yideng(['client', 'delete', other])
  const made = (await yideng(['client', 'create', ...flags])) as { client_id: string; client_secret: string }
  writeFileSync(secretFile, `${made.client_secret}\n`, { mode: 0o600 })
  const upstream = {
    id,
    kind: 'oidc',
    name: '佛山市',
    region: '440600',
    issuer: at.city,
    clientId: made.client_id,
    clientSecretFile: 'secret',
    scope: 'openid profile phone identity',
    levels: { 'urn:yideng:loa:2': 2, 'urn:yideng:loa:3': 3 },
    authoritativeFor: ['resident_id'],
  }
  writeFileSync(list, `${JSON.stringify([upstream], undefined, 2)}\n`, { mode: 0o600 })
  const registered: Registered = { flags }
  writeFileSync(file, `${JSON.stringify(registered, undefined, 2)}\n`, { mode: 0o600 })
  return list
}

async function openAccounts(yideng: Yideng, dataDir: string): Promise<void> {
  const persons = (await yideng(['person', 'list', '--limit', '1000'])) as unknown[]
  if (persons.length >= cityPeople.length) return
  const csv = join(dataDir, 'people.csv')
  writeFileSync(csv, registerCsv(cityPeople))
  await yideng(['register', 'import', csv, '--kind', 'people'])
  for (const person of cityPeople) await openAccount(yideng, person)
}
