import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPasswords } from '../src/accounts/passwords/hash.ts'
import { openHouse } from '../src/admin/house.ts'
import { readSettings } from '../src/config/settings.ts'
import { freePort } from '../test/setup/free-port.ts'
import { password, residentId } from '../test/setup/people.ts'
import { Visitor } from '../test/setup/visitor.ts'
import { authorizePath, redirectUri, type Jar, type Target } from './flow.ts'

export interface Running {
  target: Target
  jars: Jar[]
  stop(): Promise<void>
}

const people = 8
const serverCore = 0

/** Starts a server on a core of its own (where taskset is there), with the same flags whoever it is. */
async function run(file: string, args: string[], environment: Record<string, string>, ready: string, flags: string[]) {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...flags, file, ...args]
  const pinned = ['taskset', '-c', String(serverCore), ...node]
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

/** Yideng on the embedded store; `sessions` browsers signed in through its pages, consent given once each person. */
export async function startOurs(
  sessions: number,
  flags: string[],
  settings: Record<string, string> = {},
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
    ...settings,
  }
  const origin = `http://localhost:${port}`
  const child = await run('bin/server.mjs', [], environment, `${origin}/readyz`, flags)
  const house = await openHouse(readSettings(environment), Date.now)
  const created = await house.clients.create(
    { name: '压测门户', redirect_uris: [redirectUri], scope: 'openid profile' },
    'administrator:bench',
  )
  if (!created.ok || !created.secret) throw new Error('the portal was not registered')
  const passwordHash = await createPasswords().hash(password)
  for (let index = 0; index < people; index += 1) {
    const document = { type: 'resident_id', number: residentId(`44030019900101${String(100 + index)}`) }
    const phone = `+861380000${String(1000 + index)}`
    const opening = { document, name: '张三', phone, username: `bench${index}`, passwordHash, vouchedLevel: 3 as const }
    await house.persons.create(opening, { actor: 'administrator:bench' })
  }
  await house.close()

  const target: Target = {
    name: 'yideng',
    origin,
    paths: { authorize: '/authorize', token: '/token', userinfo: '/userinfo' },
    clientId: created.client.id,
    clientSecret: created.secret,
    pid: child.pid ?? 0,
  }
  const jars = await signIn(target, sessions, async (visitor, page, index) => {
    const signedIn = await visitor.submit(page, '/password', { identifier: `bench${index % people}`, password })
    return signedIn.leads ? signedIn : visitor.submit(signedIn, '/consent', { decision: 'allow' })
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

/** Bare oidc-provider (bare-provider.ts), signed in through its development pages. */
export async function startBare(sessions: number, flags: string[]): Promise<Running> {
  const port = await freePort()
  const clientSecret = 'a-secret-of-the-bench-only'
  const origin = `http://localhost:${port}`
  const args = [String(port), redirectUri, clientSecret]
  const child = await run('bench/bare-provider.ts', args, { NODE_ENV: 'production' }, `${origin}/jwks`, flags)
  const target: Target = {
    name: 'bare',
    origin,
    paths: { authorize: '/auth', token: '/token', userinfo: '/me' },
    clientId: 'bench',
    clientSecret,
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
