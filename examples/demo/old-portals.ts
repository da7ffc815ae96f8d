import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { casProtocol } from '../old-portals/plain/cas.ts'
import { startOldPortal } from '../old-portals/plain/portal.ts'
import { tifProtocol } from '../old-portals/plain/tif.ts'
import type { Running } from '../listen.ts'
import type { Yideng } from './provider.ts'

/** Portals that speak an older protocol (docs/migrate.md), as their ports after the first one. */
export const oldPortals = [
  { name: '惠州市不动产登记系统', organisation: '惠州市自然资源局', region: '441300', legacy: 'cas' },
  { name: '汕头市企业服务平台', organisation: '汕头市政务服务和数据管理局', region: '440500', legacy: 'tif' },
] as const

type OldPortal = (typeof oldPortals)[number]

/** Content of old-portals.json, because secrets are shown only once. */
interface Kept {
  name: string
  url: string
  clientId: string
  clientSecret: string
}

const yearMs = 365 * 86_400_000

/** Registers the old portals through the command line, once, and starts them. */
export async function startOldPortals(options: {
  yideng: Yideng
  dataDir: string
  issuer: string
  /** The port of the first one. */
  port: number
}): Promise<{ portals: Kept[]; running: Running[] }> {
  const { yideng, dataDir, issuer, port } = options
  const file = join(dataDir, 'old-portals.json')
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept[]) : []
  const portals: Kept[] = []
  for (const [index, portal] of oldPortals.entries()) {
    const url = `http://localhost:${port + index}`
    const same = known.find(({ name, url: at }) => name === portal.name && at === url)
    portals.push(same ?? (await register(yideng, portal, url)))
  }
  writeFileSync(file, `${JSON.stringify(portals, undefined, 2)}\n`, { mode: 0o600 })
  const running: Running[] = []
  for (const [index, portal] of portals.entries())
    running.push(
      await startOldPortal(port + index, { name: portal.name, callback: '/callback' }, protocolOf(portal, issuer)),
    )
  return { portals, running }
}

async function register(yideng: Yideng, { name, organisation, region, legacy }: OldPortal, url: string): Promise<Kept> {
  const listed = (await yideng(['client', 'list'])) as { client_id: string; name: string }[]
  for (const { client_id } of listed.filter((one) => one.name === name)) await yideng(['client', 'delete', client_id])
  const flags = {
    name,
    organisation,
    region,
    legacy,
    uri: `${url}/`,
    'redirect-uri': `${url}/callback`,
    'post-logout-redirect-uri': `${url}/`,
    'legacy-until': new Date(new Date().getTime() + yearMs).toISOString().slice(0, 10),
    network: '127.0.0.0/8',
    scope: 'openid profile',
    consent: 'implicit',
  }
  const argv = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])
  const created = (await yideng(['client', 'create', ...argv])) as { client_id: string; client_secret?: string }
  return { name, url, clientId: created.client_id, clientSecret: created.client_secret ?? '' }
}

function protocolOf({ name, url, clientId, clientSecret }: Kept, issuer: string) {
  const address = `${url}/callback`
  if (oldPortals.find((one) => one.name === name)?.legacy === 'cas')
    return casProtocol({ cas: `${issuer}/cas`, service: address, afterLogout: `${url}/` })
  const base = `${issuer}/tif/sso/connect/page/oauth2`
  return tifProtocol({ base, clientId, clientSecret, redirectUri: address })
}
