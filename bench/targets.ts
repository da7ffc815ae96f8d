import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPasswords } from '../src/accounts/passwords/hash.ts'
import { openHouse } from '../src/admin/house.ts'
import type { ClientInput } from '../src/clients/metadata.ts'
import { readSettings } from '../src/config/settings.ts'
import { freePort } from '../test/setup/free-port.ts'
import { password, residentId } from '../test/setup/people.ts'
import { Visitor } from '../test/setup/visitor.ts'
import { scaleOutStores } from './scale-out.ts'
import { seed } from './seed.ts'
import { authorizePath, redirectUri, type Jar, type Target } from './flow.ts'

export interface Running {
  target: Target
  jars: Jar[]
  stop(): Promise<void>
}

const people = 8
const serverCore = 0

/** The API that client credentials as JWT are for. */
const resource = 'http://localhost:4998/'
const apiScope = 'licence:read'
const resources = {
  [resource]: { name: { 'zh-CN': '证照库', en: 'Licences' }, scopes: { [apiScope]: { 'zh-CN': '查看', en: 'See' } } },
}

/** Starts a server on a core of its own, one of many processes on all (where taskset is there), with the same flags whoever it is. */
async function run(file: string, args: string[], environment: Record<string, string>, ready: string, flags: string[]) {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...flags, file, ...args]
  const many = Number(environment['YIDENG_WORKERS'] ?? 1) > 1
  // said for many as well: they would inherit the one core of the load
  const cores = many ? `0-${cpus().length - 1}` : String(serverCore)
  const pinned = ['taskset', '-c', cores, ...node]
  const [command = '', ...rest] = process.platform === 'linux' ? pinned : node
  const child = spawn(command, rest, {
    cwd: new URL('..', import.meta.url).pathname,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  process.on('exit', () => child.kill('SIGKILL'))
  const end = Date.now() + 15_000
  while (!(await fetch(ready).catch(() => undefined))?.ok) {
    if (Date.now() > end || child.exitCode !== null) throw new Error(`${file} did not start`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return child
}

const stop = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGINT')
  })

/** Yideng, on the embedded store unless told otherwise; `sessions` browsers signed in through its pages. */
export async function startOurs(
  sessions: number,
  flags: string[],
  settings: Record<string, string> = {},
  more: { name?: string; accounts?: number } = {},
): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-bench-'))
  const port = await freePort()
  const environment = {
    PORT: String(port),
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: join(directory, 'keys'),
    YIDENG_LOG_LEVEL: 'warn',
    YIDENG_ADDRESS_REQUESTS: '100000000',
    YIDENG_PORTAL_CALLS: '100000000',
    YIDENG_RESOURCES: join(directory, 'resources.json'),
    ...settings,
  }
  writeFileSync(environment.YIDENG_RESOURCES, JSON.stringify(resources))
  const origin = `http://localhost:${port}`
  const house = await openHouse(readSettings(environment), Date.now)
  const register = async (client: ClientInput) => {
    const created = await house.clients.create(client, 'administrator:bench')
    if (!created.ok || !created.secret) throw new Error('the client was not registered')
    return { clientId: created.client.id, clientSecret: created.secret }
  }
  const portal = await register({
    name: '压测门户',
    redirect_uris: [redirectUri],
    scope: 'openid profile offline_access',
    consent: 'implicit',
  })
  const service = await register({ name: '压测服务', type: 'service', resources: [resource] })
  const passwordHash = await createPasswords().hash(password)
  for (let index = 0; index < people; index += 1) {
    const document = { type: 'resident_id', number: residentId(`44030019900101${String(100 + index)}`) }
    const phone = `+861380000${String(1000 + index)}`
    const opening = { document, name: '张三', phone, username: `bench${index}`, passwordHash, vouchedLevel: 3 as const }
    await house.persons.create(opening, { actor: 'administrator:bench' })
  }
  await seed(house, more.accounts ?? 0, passwordHash)
  await house.close()
  // after the seeding, which may take longer than idle connections live
  const child = await run('bin/server.mjs', [], environment, `${origin}/readyz`, flags)

  const target: Target = {
    name: more.name ?? 'yideng',
    origin,
    paths: { authorize: '/authorize', token: '/token', userinfo: '/userinfo', introspect: '/introspect' },
    ...portal,
    service: { ...service, resource, scope: apiScope },
    consent: { action: '/consent', fields: { decision: 'allow' } },
    pid: child.pid ?? 0,
  }
  const jars = await signIn(target, sessions, async (visitor, page, index) => {
    return visitor.submit(page, '/password', { identifier: `bench${index % people}`, password })
  })
  return {
    target,
    jars,
    async stop() {
      await stop(child)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/**
 * By name: `bare`, `embedded` or `scale-out` (stores of its own); `-2` behind it for two workers, `:1000000` for as many
 * accounts more in the store.
 */
export async function startTarget(
  name: string,
  sessions: number,
  flags: string[],
  more: Record<string, string> = {},
): Promise<Running> {
  if (name === 'bare') return startBare(sessions, flags)
  const [, kind, workers = '1', accounts = '0'] = /^(embedded|scale-out)(?:-(\d+))?(?::(\d+))?$/.exec(name) ?? []
  if (!kind) throw new Error(`there is no target ${name}`)
  const many = kind === 'scale-out' ? await scaleOutStores() : undefined
  const settings = { YIDENG_WORKERS: workers, YIDENG_ADDRESS_TRIES: '1000000', ...many?.settings, ...more }
  const running = await startOurs(sessions, flags, settings, { name, accounts: Number(accounts) })
  return {
    ...running,
    async stop() {
      await running.stop()
      await many?.stop()
    },
  }
}

/** Bare oidc-provider (bare-provider.ts), signed in through its development pages. */
export async function startBare(sessions: number, flags: string[]): Promise<Running> {
  const port = await freePort()
  const clientSecret = 'a-secret-of-the-bench-only'
  const origin = `http://localhost:${port}`
  const args = [String(port), redirectUri, clientSecret, resource, apiScope]
  const child = await run('bench/bare-provider.ts', args, { NODE_ENV: 'production' }, `${origin}/jwks`, flags)
  const target: Target = {
    name: 'bare',
    origin,
    paths: { authorize: '/auth', token: '/token', userinfo: '/me', introspect: '/token/introspection' },
    clientId: 'bench',
    clientSecret,
    service: { clientId: 'service', clientSecret, resource, scope: apiScope },
    consent: { action: '', fields: { prompt: 'consent' } },
    pid: child.pid ?? 0,
  }
  const jars = await signIn(target, sessions, async (visitor, page, index) => {
    const consent = await visitor.submit(page, '', { prompt: 'login', login: `bench${index % people}`, password })
    return visitor.submit(consent, '', { prompt: 'consent' })
  })
  return { target, jars, stop: () => stop(child) }
}

type SignIn = (visitor: Visitor, page: Awaited<ReturnType<Visitor['get']>>, index: number) => ReturnType<Visitor['get']>

async function signIn(target: Target, sessions: number, enter: SignIn): Promise<Jar[]> {
  const jars: Jar[] = []
  for (let index = 0; index < sessions; index += 1) {
    const visitor = new Visitor(target.origin)
    const page = await visitor.get(authorizePath(target, 'v'.repeat(43), 'first'))
    const { leads } = await enter(visitor, page, index)
    if (!leads?.searchParams.get('code')) throw new Error(`${target.name}: nobody could sign in`)
    jars.push(new Map(visitor.cookies.filter(({ path }) => path === '/').map(({ name, value }) => [name, value])))
  }
  return jars
}
