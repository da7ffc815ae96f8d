import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPasswords } from '../src/accounts/passwords/hash.ts'
import { openServices, type Services } from '../src/services.ts'
import type { ClientInput } from '../src/clients/metadata.ts'
import { readSettings } from '../src/config/settings.ts'
import { freePort } from '../test/setup/free-port.ts'
import { password, residentId } from '../test/setup/people.ts'
import { Visitor } from '../test/setup/visitor.ts'
import { scaleOutStores } from './scale-out.ts'
import { seed } from './seed.ts'
import { authorizePath, redirectUri, type Jar, type Target } from './flow.ts'
import { passwordAuthenticator } from '../src/login/methods/password/stored-password.ts'

export interface Running {
  target: Target
  jars: Jar[]
  /** The origin for browsers. Processes that share no state are separate targets with one pid. */
  targetOf(browser: number): Target
  stop(): Promise<void>
}

/** Options of a target besides its name. */
export interface Start {
  /** Number of signed-in browsers. */
  sessions: number
  /** Flags of Node.js. */
  flags?: string[]
  settings?: Record<string, string>
  /** Of the portal's ID tokens; ES256 by default. */
  algorithm?: 'ES256' | 'RS256'
  /** False: the server and the helper threads of Node.js may use all cores, as in production. */
  pinned?: boolean
  /** Where the portal takes back-channel logout notices. */
  notices?: string
}

const people = 8
const serverCore = 0

/** The API that client credentials as JWT are for. */
const resource = 'http://localhost:4998/'
const apiScope = 'licence:read'
const resources = {
  [resource]: { name: { 'zh-CN': '证照库', en: 'Licences' }, scopes: { [apiScope]: { 'zh-CN': '查看', en: 'See' } } },
}

interface Command {
  /** The program with its arguments. */
  file: string[]
  environment: Record<string, string>
  /** An address that answers when the server is ready. */
  ready: string
  flags: string[]
  /** Pins the server to one core. */
  pinned: boolean
}

/** Starts a server with the same flags for every target, on chosen cores if taskset is installed. */
async function run({ file, environment, ready, flags, pinned }: Command): Promise<ChildProcess> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...flags, ...file]
  // Also set for all cores: a server would inherit the core of the load.
  const cores = pinned ? String(serverCore) : `0-${cpus().length - 1}`
  const [command = '', ...rest] = process.platform === 'linux' ? ['taskset', '-c', cores, ...node] : node
  const child = spawn(command, rest, {
    cwd: new URL('..', import.meta.url).pathname,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  process.on('exit', () => child.kill('SIGKILL'))
  const end = Date.now() + 60_000
  while (!(await fetch(ready).catch(() => undefined))?.ok) {
    if (Date.now() > end || child.exitCode !== null) throw new Error(`${file[0]} did not start`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return child
}

const stop = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGINT')
  })

/** Yideng, by default on the embedded store; browsers sign in through its pages. */
export async function startOurs(
  start: Start & { name?: string; accounts?: number },
): Promise<Running & { environment: Record<string, string> }> {
  const {
    sessions,
    flags = [],
    settings = {},
    pinned = true,
    name = 'yideng',
    accounts = 0,
    algorithm = 'ES256',
    notices,
  } = start
  const directory = mkdtempSync(join(tmpdir(), 'yideng-bench-'))
  const port = await freePort()
  const environment = {
    PORT: String(port),
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: join(directory, 'keys'),
    YIDENG_LOG_LEVEL: 'warn',
    YIDENG_ADDRESS_REQUESTS: '100000000',
    YIDENG_ADDRESS_STORED: '100000000',
    YIDENG_PORTAL_CALLS: '100000000',
    YIDENG_RESOURCES: join(directory, 'resources.json'),
    ...settings,
  }
  writeFileSync(environment.YIDENG_RESOURCES, JSON.stringify(resources))
  const origin = `http://localhost:${port}`
  const services = await openServices(readSettings(environment), Date.now)
  const register = async (client: ClientInput) => {
    const created = await services.clients.create({ id_token_alg: algorithm, ...client }, 'administrator:bench')
    if (!created.ok || !created.secret) throw new Error('the client was not registered')
    return { clientId: created.client.id, clientSecret: created.secret }
  }
  const portal = await register({
    name: '压测门户',
    redirect_uris: [redirectUri],
    scope: 'openid profile offline_access',
    consent: 'implicit',
    ...(notices ? { backchannel_logout_uri: notices } : {}),
  })
  const old = await registerOldPortals(services)
  const service = await register({ name: '压测服务', type: 'service', resources: [resource] })
  const passwordHash = await createPasswords().hash(password)
  const authenticators = [passwordAuthenticator(passwordHash)]
  for (let index = 0; index < people; index += 1) {
    const document = { type: 'resident_id', number: residentId(`44030019900101${String(100 + index)}`) }
    const phone = `+861380000${String(1000 + index)}`
    const opening = {
      document,
      name: '张三',
      phone,
      username: `bench${index}`,
      authenticators,
      vouchedLevel: 3 as const,
    }
    await services.persons.create(opening, { actor: 'administrator:bench' })
  }
  await seed(services, accounts, passwordHash)
  await services.close()
  // After seeding, which can outlast the timeout of idle connections.
  const ready = `${origin}/readyz`
  const child = await run({ file: ['bin/server.mjs'], environment, ready, flags, pinned })

  const target: Target = {
    name,
    origin,
    paths: { authorize: '/authorize', token: '/token', userinfo: '/userinfo', introspect: '/introspect' },
    ...portal,
    service: { ...service, resource, scope: apiScope },
    consent: { action: '/consent', fields: { decision: 'allow' } },
    old,
    pid: child.pid ?? 0,
  }
  const jars = await signIn(
    () => target,
    sessions,
    async (visitor, page, index) => {
      return visitor.submit(page, '/password', { identifier: `bench${index % people}`, password })
    },
  )
  return {
    target,
    environment,
    jars,
    targetOf: () => target,
    async stop() {
      await stop(child)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** A portal of each legacy protocol, with the scopes of the modern one. */
async function registerOldPortals({ clients }: Services): Promise<NonNullable<Target['old']>> {
  const legacy_until = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
  const create = async (legacy: string, address: string) => {
    const common = { scope: 'openid profile', consent: 'implicit' as const, networks: ['127.0.0.0/8'] }
    const input = { name: `压测旧门户${legacy}`, redirect_uris: [address], legacy, legacy_until, ...common }
    const created = await clients.create(input, 'administrator:bench')
    if (!created.ok) throw new Error(`no old portal: ${JSON.stringify(created.problems)}`)
    return { clientId: created.client.id, clientSecret: created.secret ?? '' }
  }
  const [service, address] = ['http://localhost:4997/app', 'http://localhost:4996/callback']
  await create('cas', service)
  return { cas: { service }, tif: { ...(await create('tif', address)), redirectUri: address } }
}

/**
 * Starts a target by name: `bare`, `embedded` or `scale-out` (with its own stores). The suffix `-2` means two workers; for
 * `bare` two processes without shared state, which show the limit of the machine. `:1000000` adds that number of accounts.
 */
export async function startTarget(name: string, start: Start): Promise<Running> {
  const [, kind, processes = '1', accounts = '0'] = /^(bare|embedded|scale-out)(?:-(\d+))?(?::(\d+))?$/.exec(name) ?? []
  if (!kind) throw new Error(`there is no target ${name}`)
  const pinned = processes === '1' && start.pinned !== false
  if (kind === 'bare') return startBare({ ...start, pinned }, Number(processes))
  const many = kind === 'scale-out' ? await scaleOutStores() : undefined
  const settings = { YIDENG_WORKERS: processes, YIDENG_ADDRESS_TRIES: '1000000', ...many?.settings, ...start.settings }
  const running = await startOurs({ ...start, settings, pinned, name, accounts: Number(accounts) })
  return {
    ...running,
    async stop() {
      await running.stop()
      await many?.stop()
    },
  }
}

/** Plain oidc-provider (bare-provider.ts); browsers sign in through its development pages. */
async function startBare(start: Start, processes: number): Promise<Running> {
  const { sessions, flags = [], pinned = true, algorithm = 'ES256' } = start
  const [port = 0, ...more] = await Promise.all(Array.from({ length: processes }, freePort))
  const clientSecret = 'a-secret-of-the-bench-only'
  const originOf = (one: number) => `http://localhost:${one}`
  const file = ['bench/bare-provider.ts', port, redirectUri, clientSecret, resource, apiScope, ...more].map(String)
  const ready = `${originOf(more.at(-1) ?? port)}/jwks`
  const child = await run({ file, environment: { NODE_ENV: 'production', ALGORITHM: algorithm }, ready, flags, pinned })
  const target: Target = {
    name: processes === 1 ? 'bare' : `bare-${processes}`,
    origin: originOf(port),
    paths: { authorize: '/auth', token: '/token', userinfo: '/me', introspect: '/token/introspection' },
    clientId: 'bench',
    clientSecret,
    service: { clientId: 'service', clientSecret, resource, scope: apiScope },
    consent: { action: '', fields: { prompt: 'consent' } },
    pid: child.pid ?? 0,
  }
  const targets = [port, ...more].map((one) => ({ ...target, origin: originOf(one) }))
  const targetOf = (browser: number) => targets[browser % targets.length] ?? target
  const enter: SignIn = async (visitor, page, index) => {
    const consent = await visitor.submit(page, '', { prompt: 'login', login: `bench${index % people}`, password })
    return visitor.submit(consent, '', { prompt: 'consent' })
  }
  const jars = await signIn(targetOf, sessions, enter)
  return { target, targetOf, jars, stop: () => stop(child) }
}

type SignIn = (visitor: Visitor, page: Awaited<ReturnType<Visitor['get']>>, index: number) => ReturnType<Visitor['get']>

async function signIn(targetOf: Running['targetOf'], sessions: number, enter: SignIn): Promise<Jar[]> {
  const jars: Jar[] = []
  for (let index = 0; index < sessions; index += 1) {
    const target = targetOf(index)
    const visitor = new Visitor(target.origin)
    const page = await visitor.get(authorizePath(target, 'v'.repeat(43), 'first'))
    const { leads } = await enter(visitor, page, index)
    if (!leads?.searchParams.get('code')) throw new Error(`${target.name}: nobody could sign in`)
    jars.push(new Map(visitor.cookies.filter(({ path }) => path === '/').map(({ name, value }) => [name, value])))
  }
  return jars
}
