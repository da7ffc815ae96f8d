import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { Browser } from '../../src/admin/check/browser.ts'
import type { Services } from '../../src/services.ts'
import { freePort } from '../setup/free-port.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { Visitor } from '../setup/visitor.ts'
import { startProgram } from './program.ts'
import { letters } from './running.ts'
import { yideng } from './yideng.ts'

const modules = '/usr/lib/apache2/modules'
const loaded = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'rewrite', 'auth_openidc']

const why = ['mod_auth_openidc.so', 'mod_rewrite.so'].every((name) => existsSync(join(modules, name)))
  ? ''
  : 'this machine has no apache2 with libapache2-mod-auth-openidc'
afterAll(() => {
  if (why !== '') console.log(`Not run: error answers at Apache: ${why}.`)
})

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await startServer()
  services = await server.services()
})

/** What `client create --for apache` prints for this address. */
function printedFor(url: string): string {
  const words = ['--for', 'apache', '--json', '--name', `门户${letters()}`, '--redirect-uri', `${url}/redirect`]
  const printed = yideng(server, 'client', 'create', ...words)
  return (JSON.parse(printed) as { configuration: string }).configuration
}

/** Apache with the printed configuration, in its own directory. Returns its address. */
async function startApache(more: string): Promise<string> {
  const url = `http://localhost:${await freePort()}`
  const directory = temporaryDirectory()
  const pages = join(directory, 'www')
  mkdirSync(pages)
  chmodSync(directory, 0o755)
  writeFileSync(join(pages, 'index.html'), 'behind Apache')
  const file = join(directory, 'apache2.conf')
  writeFileSync(
    file,
    `ServerRoot ${directory}
ServerName localhost
Listen 127.0.0.1:${new URL(url).port}
PidFile ${directory}/pid
ErrorLog ${directory}/error.log
DocumentRoot ${pages}
User www-data
Group www-data
${loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
DirectoryIndex index.html
${printedFor(url)}
${more}
`,
  )
  const program = await startProgram(['apache2', '-X', '-f', file], { url })
  onTestFinished(() => program.stop())
  return url
}

/** Opens the portal, and stops at the sign-in page. An error answer comes without one. */
async function begin(url: string, browser: Browser): Promise<{ visitor: Visitor; signInPage: string }> {
  const { url: signInPage } = await browser.open(url, (address) => address.startsWith(`${server.issuer}/`))
  return { visitor: new Visitor(server.issuer), signInPage }
}

interface Answer {
  /** What the operator adds. With `OIDCDefaultURL` the module begins again at each answer that it does not know. */
  more: string
  decision?: 'deny'
  error: string
}

const answers: [string, Answer][] = [
  ['a No', { more: '', decision: 'deny', error: 'access_denied' }],
  [
    'a No, with a default address',
    { more: 'OIDCDefaultURL http://localhost/', decision: 'deny', error: 'access_denied' },
  ],
  ['prompt=none', { more: 'OIDCAuthRequestParams prompt=none', error: 'login_required' }],
  [
    'prompt=none, with a default address',
    { more: 'OIDCAuthRequestParams prompt=none\nOIDCDefaultURL http://localhost/', error: 'login_required' },
  ],
  ['a scope without registration', { more: 'OIDCScope "openid identity"', error: 'invalid_scope' }],
  ['an unknown prompt', { more: 'OIDCAuthRequestParams prompt=nonsense', error: 'invalid_request' }],
]

it.for(answers)('Apache shows the error of %s, and asks no second time', async ([, answer], context) => {
  if (why !== '') context.skip(why)
  const url = await startApache(answer.more)
  const browser = new Browser(Date.now)
  const { visitor, signInPage } = await begin(url, browser)
  let page = await visitor.get(signInPage)
  if (answer.decision) {
    const person = await openPerson(services)
    page = await signIn(visitor, page, person.username)
    page = await visitor.submit(page, '/consent', { decision: answer.decision })
  }
  expect(page.leads?.searchParams.get('error')).toBe(answer.error)
  expect(page.leads?.searchParams.get('iss')).toBe(server.issuer)
  const shown = await browser.open(page.leads?.href ?? '')
  expect(shown.way).toHaveLength(1)
  expect(shown.text).toContain(`OpenID Connect Provider error: ${answer.error}`)
})

it('Apache signs in who said No before', async (context) => {
  if (why !== '') context.skip(why)
  const url = await startApache('')
  const browser = new Browser(Date.now)
  const { username } = await openPerson(services)
  for (const decision of ['deny', 'allow']) {
    const { visitor, signInPage } = await begin(url, browser)
    const asked = await signIn(visitor, await visitor.get(signInPage), username)
    const page = await visitor.submit(asked, '/consent', { decision })
    const shown = await browser.open(page.leads?.href ?? '')
    expect(shown.text.includes('behind Apache')).toBe(decision === 'allow')
  }
})
