import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join, resolve } from 'node:path'
import { startLicences } from '../licences/licences.ts'
import type { Running } from '../listen.ts'
import { startPortal } from '../portal/portal.ts'
import { setUpCompany } from './company.ts'
import { provePhones } from './phones.ts'
import { DemoError } from './demo-error.ts'
import { startFront } from './lan/front.ts'
import { lanCertificates, trust, type Lan } from './lan/lan.ts'
import { fingerprintOf, startTrustPage } from './lan/trust-page.ts'
import { oldPortals, startOldPortals } from './old-portals.ts'
import { people, type DemoPerson } from './people.ts'
import { portals } from './portals.ts'
import { createYideng, startProvider } from './provider.ts'
import { setUp, type RegisteredPortal } from './set-up.ts'
import { startTelephone } from './telephone.ts'
import { startWechat, wechatPorts, writeDemoChannels } from './wechat/wechat.ts'

export interface Demo {
  issuer: string
  /** Address of 电子证照库, and its name in `resource`. */
  resource: string
  /** Address of the made-up telephone that shows all texts. */
  telephone: string
  /** Address of the made-up WeChat; undefined where telephones of the network take part: it is on this machine only. */
  wechat: string | undefined
  portals: RegisteredPortal[]
  /** Portals of older protocols; none where telephones of the network take part. */
  oldPortals: { name: string; url: string }[]
  people: readonly DemoPerson[]
  /** Where telephones of the same network begin, and the fingerprint of the certificate that they trust there. */
  lan?: { trustPage: string; fingerprint: string; authorityFile: string; host: string }
  /** Resolves when Yideng's process has ended. */
  ended: Promise<void>
  close(): Promise<void>
}

const ownDirectory = 'data/demo'
/** Its portals have other addresses, so it has a store of its own. */
const lanDirectory = 'data/demo-lan'
const otherBase = 'DEMO_PORT_BASE=5000'
const resources = readFileSync(new URL('resources.json', import.meta.url), 'utf8')

/** Yideng with four portals, an API and people, on separate ports and in separate directories. */
export async function startDemo(options: {
  /** Port of Yideng; the API uses portBase + 100, the telephone + 101, the made-up WeChat + 102 to + 105. */
  port?: number
  portBase?: number
  dataDir?: string
  keysDir?: string
  /** Settings of Yideng; they override those of this process. */
  env?: Record<string, string>
  /** Telephones of the same network reach it too, by https. The page for their certificate is at portBase + 80. */
  lan?: Lan
}): Promise<Demo> {
  const { port = 3000, portBase = 4000, env = {}, lan } = options
  const dataDir = resolve(options.dataDir ?? (lan ? lanDirectory : ownDirectory))
  const keysDir = resolve(options.keysDir ?? join(dataDir, 'keys'))
  const base = lan ? `https://${lan.host}` : 'http://localhost'
  const urlOf = (index: number) => `${base}:${portBase + 1 + index}`
  const resource = `${base}:${portBase + 100}/`
  const telephone = `http://localhost:${portBase + 101}`
  const issuer = `${base}:${port}`
  const ports = lan ? undefined : wechatPorts(portBase + 102)

  await expectFree([
    { port, name: '一登', setting: 'PORT=3001' },
    ...portals.map(({ name }, index) => ({ port: portBase + 1 + index, name, setting: otherBase })),
    { port: portBase + 100, name: '电子证照库', setting: otherBase },
    { port: portBase + 101, name: '演示手机', setting: otherBase },
    ...(lan ? [] : oldPortals.map(({ name }, index) => ({ port: portBase + 110 + index, name, setting: otherBase }))),
    ...(ports ? Object.values(ports).map((one) => ({ port: one, name: '仿造的微信', setting: otherBase })) : []),
  ])
  expectOwn(dataDir)

  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const ownMark = join(dataDir, 'portals.json')
  if (!existsSync(ownMark)) writeFileSync(ownMark, '[]\n', { mode: 0o600 })
  const resourcesFile = join(dataDir, 'resources.json')
  writeFileSync(resourcesFile, resources.replace('http://localhost:4100/', resource))
  const certificates = lan && lanCertificates(lan, join(dataDir, 'lan'), new Date().getTime())
  const distrust = certificates && trust(certificates)
  const behindFront = certificates && {
    YIDENG_TRUST_PROXY: 'true',
    YIDENG_OUTBOUND_NETWORKS: `${lan?.address}/32`, // sign-outs reach the portals
    NODE_EXTRA_CA_CERTS: certificates.authorityFile,
  }
  const environment = {
    ...process.env,
    YIDENG_DATABASE_URL: '', // always the embedded stores, never a real store
    YIDENG_REDIS_URL: '',
    YIDENG_LOG_LEVEL: 'warn',
    YIDENG_SMS: 'webhook',
    YIDENG_SMS_URL: `${telephone}/`,
    YIDENG_PHONE_OWNERS: 'register',
    YIDENG_CHANNELS: ports ? writeDemoChannels(dataDir, ports.servers) : '',
    ...behindFront,
    ...env,
    PORT: String(port),
    HOST: '127.0.0.1',
    YIDENG_ISSUER: issuer,
    YIDENG_DATA_DIR: dataDir,
    YIDENG_KEYS_DIR: keysDir,
    YIDENG_RESOURCES: resourcesFile,
    YIDENG_DEMO: 'true',
  }

  const provider = await startProvider(`http://127.0.0.1:${port}`, dataDir, environment)
  const running: Running[] = []
  const close = async () => {
    await Promise.all([provider.close(), ...running.map((one) => one.close())])
    distrust?.()
  }
  try {
    if (lan && certificates)
      for (const one of [port, portBase + 100, ...portals.map((_, index) => portBase + 1 + index)])
        running.push(await startFront(lan, certificates, one))
    const yideng = createYideng(environment)
    const registered = await setUp({ yideng, dataDir, resource, urlOf })
    await setUpCompany(environment)
    await provePhones(environment)
    running.push(await startTelephone(portBase + 101))
    running.push(await startLicences({ issuer, audience: resource, port: portBase + 100 }))
    for (const [index, look] of portals.entries()) {
      const portal = registered[index]
      if (!portal) continue
      const otherPortals = registered.filter((other) => other !== portal)
      running.push(
        await startPortal({ ...look, ...portal, issuer, resource, otherPortals, port: portBase + 1 + index }),
      )
    }
    const old = lan ? undefined : await startOldPortals({ yideng, dataDir, issuer, port: portBase + 110 })
    running.push(...(old?.running ?? []))
    const wechat = ports && (await startWechat({ ports, issuer, portal: urlOf(0) }))
    if (wechat) running.push(wechat)
    const reached = { issuer, resource, telephone, wechat: wechat?.url }
    const demo = {
      ...reached,
      portals: registered,
      oldPortals: old?.portals ?? [],
      people,
      ended: provider.ended,
      close,
    }
    if (!lan || !certificates) return demo
    const page = await startTrustPage(lan, certificates, portBase + 80, [...registered, { name: '一登', url: issuer }])
    running.push(page)
    const { authority, authorityFile } = certificates
    return {
      ...demo,
      lan: { trustPage: page.url, fingerprint: fingerprintOf(authority), authorityFile, host: lan.host },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Binds all ports at once, so that equal ports are detected. */
async function expectFree(wanted: readonly { port: number; name: string; setting: string }[]): Promise<void> {
  const probes: Server[] = []
  try {
    for (const { port, name, setting } of wanted) {
      const probe = createServer()
      const free = await new Promise<boolean>((settle) => {
        probe.once('error', () => settle(false))
        probe.listen(port, '127.0.0.1', () => settle(true))
      })
      if (!free) throw new DemoError(`Port ${port}, for ${name}, is taken. Try: ${setting} npm run demo`)
      probes.push(probe)
    }
  } finally {
    await Promise.all(probes.map((probe) => new Promise((settle) => probe.close(settle))))
  }
}

/** Refuses a store of another program, because the demo deletes portals by name. */
function expectOwn(dataDir: string): void {
  const own = dataDir === resolve(ownDirectory) || existsSync(join(dataDir, 'portals.json'))
  if (own || !existsSync(join(dataDir, 'yideng.sqlite'))) return
  throw new DemoError(`YIDENG_DATA_DIR names a store that the demo did not make: ${dataDir}. Name another directory.`)
}
