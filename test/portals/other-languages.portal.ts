import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { Browser } from '../../src/admin/check/browser.ts'
import { checkPortal } from '../../src/admin/check/check-portal.ts'
import { startFaultyProvider } from '../../src/admin/check/faulty-provider.ts'
import type { Services } from '../../src/services.ts'
import type { Client } from '../../src/clients/clients.ts'
import { freePort } from '../setup/free-port.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { Visitor } from '../setup/visitor.ts'
import { letters } from './running.ts'

const examples = new URL('../../examples/other-languages', import.meta.url).pathname

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await startServer()
  services = await server.services()
})

interface Example {
  callback: string
  logout?: string
  /** Where the library does not take the usual one. */
  alg?: 'ES256'
  /** The command that starts it. Settings come from the environment. */
  start(port: number): string[]
}

async function register({ callback, logout, alg }: Example, port: number) {
  const url = `http://localhost:${port}`
  const created = await services.clients.create(
    {
      name: `门户${letters()}`,
      redirect_uris: [url + callback],
      scope: 'openid profile',
      consent: 'implicit',
      ...(alg === undefined ? {} : { id_token_alg: alg }),
      ...(logout === undefined ? {} : { backchannel_logout_uri: url + logout }),
    },
    'administrator:test',
  )
  if (!created.ok) throw new Error(JSON.stringify(created.problems))
  return { url, client: created.client, secret: created.secret ?? '' }
}

/** Starts a program, waits for its first answer, and stops it after the test. */
async function run(command: string[], environment: Record<string, string>, url: string) {
  const [program = '', ...words] = command
  const child = spawn(program, words, { env: { PATH: process.env['PATH'], ...environment }, stdio: 'inherit' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
  })
  await until(() =>
    fetch(url, { redirect: 'manual' }).then(
      () => true,
      () => false,
    ),
  )
}

/** Registers and starts a portal. Returns its address. */
async function started(portal: Example): Promise<string> {
  const port = await freePort()
  const { url, client, secret } = await register(portal, port)
  await run(portal.start(port), settingsOf(server.issuer, client, secret, url), url)
  return url
}

const settingsOf = (issuer: string, client: Client, secret: string, url: string) => ({
  ISSUER: issuer,
  CLIENT_ID: client.id,
  CLIENT_SECRET: secret,
  URL: url,
  PASSPHRASE: 'a long random text of the tests',
})

/** Signs a person in at the portal through the real server. Returns the page of the portal. */
async function signInAt(start: string): Promise<string> {
  const person = await openPerson(services)
  const browser = new Browser(Date.now)
  const led = await browser.open(start, (url) => url.startsWith(server.issuer))
  expect(led.url).toMatch(new RegExp(`^${server.issuer}/authorize`))
  const visitor = new Visitor(server.issuer)
  const back = await signIn(visitor, await visitor.get(led.url), person.username)
  const page = await browser.open(back.leads?.href ?? '')
  expect(page.status).toBe(200)
  const again = await browser.open(page.url)
  return again.text
}

/** The faulty responses that the portal accepts. */
async function acceptedFaults(example: Example, path: string): Promise<string[]> {
  const [port, checker] = [await freePort(), await freePort()]
  const { url, client } = await register(example, port)
  const provider = await startFaultyProvider({ client, port: checker, clock: Date.now })
  onTestFinished(() => provider.close())
  await run(example.start(port), settingsOf(provider.issuer, client, 'any', url), url)
  const checks = await checkPortal(
    { client, provider, start: url + path, page: undefined, clock: Date.now, waitMs: 5000 },
    () => undefined,
  )
  return checks.filter(({ must, was }) => was !== must && was !== 'unknown').map(({ name }) => name)
}

const python: Example = { callback: '/callback', start: () => ['/usr/bin/python3', `${examples}/portal.py`] }
const php: Example = {
  callback: '/callback',
  alg: 'ES256',
  start: (port) => ['php', '-S', `localhost:${port}`, `${examples}/portal.php`],
}
const apache: Example = {
  callback: '/redirect',
  logout: '/redirect?logout=backchannel',
  start(port) {
    const directory = temporaryDirectory()
    chmodSync(directory, 0o755)
    const www = join(directory, 'www')
    mkdirSync(www)
    writeFileSync(join(www, 'index.html'), 'behind Apache')
    const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'auth_openidc']
    const file = join(directory, 'apache2.conf')
    writeFileSync(
      file,
      `ServerRoot /usr/lib/apache2
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${directory}/pid
ErrorLog ${directory}/error.log
DocumentRoot ${www}
User www-data
Group www-data
${modules.map((name) => `LoadModule ${name}_module modules/mod_${name}.so`).join('\n')}
DirectoryIndex index.html
Include ${examples}/apache.conf
`,
    )
    return ['apache2', '-X', '-f', file]
  },
}

const runs = (program: string, ...words: string[]) => spawnSync(program, words).status === 0

/** What this machine lacks is named at the end of the run, and its tests are skipped. */
const there = {
  python: runs('/usr/bin/python3', '-c', 'import flask, authlib, requests'),
  php: runs('php', '-r', 'exit(function_exists("curl_init") ? 0 : 1);'),
  apache: existsSync('/usr/lib/apache2/modules/mod_auth_openidc.so'),
  nginx: runs('nginx', '-v'),
}
afterAll(() => {
  for (const [name, is] of Object.entries(there)) if (!is) console.log(`Not run: this machine has no ${name}.`)
})

const languages: [string, Example, boolean][] = [
  ['Python (Flask, Authlib)', python, there.python],
  ['PHP', php, there.php],
]
it.for(languages)('%s', async ([name, portal, runnable], context) => {
  if (!runnable) context.skip(`this machine cannot run ${name}`)
  const url = await started(portal)
  expect(await signInAt(`${url}/login`)).toMatch(/^您好，\p{Script=Han}+/u)
  expect(await acceptedFaults(portal, '/login')).toEqual([])
})

it.skipIf(!there.apache)('Apache (mod_auth_openidc)', async () => {
  const url = await started(apache)
  expect(await signInAt(`${url}/`)).toBe('behind Apache')
  // it trusts the connection to the provider instead, as OIDC Core 3.1.3.7 allows
  expect(await acceptedFaults(apache, '/')).toEqual(['alg-none'])
})

it.skipIf(!there.nginx || !there.python)('nginx, which asks the Python portal', async () => {
  const [front, port, back] = [await freePort(), await freePort(), await freePort()]
  const directory = temporaryDirectory()
  const behind = createServer((request, response) => {
    response.end(JSON.stringify([request.headers['x-person'], request.headers['x-level']]))
  })
  behind.listen(back, '127.0.0.1')
  onTestFinished(() => void behind.close())
  const { url, client, secret } = await register(python, front)
  // nginx is the portal's address; the portal itself listens behind it
  await run(
    python.start(port),
    { ...settingsOf(server.issuer, client, secret, url), LISTEN: String(port) },
    `http://localhost:${port}`,
  )
  const site = readFileSync(`${examples}/nginx.conf`, 'utf8')
    .replaceAll('127.0.0.1:8081', `127.0.0.1:${front}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:9000', `127.0.0.1:${back}`)
  const file = join(directory, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error.log;
events {}
http { access_log off; client_body_temp_path ${directory}/b; proxy_temp_path ${directory}/p; fastcgi_temp_path ${directory}/f;
uwsgi_temp_path ${directory}/u; scgi_temp_path ${directory}/s;
${site}
}`,
  )
  await run(['nginx', '-c', file, '-e', `${directory}/error.log`], {}, url)
  const [person, level] = JSON.parse(await signInAt(`${url}/`)) as string[]
  expect(person).toBeTruthy()
  expect(level).toMatch(/^urn:yideng:loa:/)
  const forged = await fetch(url, { redirect: 'manual', headers: { 'x-person': 'somebody' } })
  expect(forged.headers.get('location')).toMatch(/\/login$/)
})
