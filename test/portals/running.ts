import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { expect } from 'vitest'
import { Browser, type Page as PortalPage } from '../../src/admin/check/browser.ts'
import { checkPortal } from '../../src/admin/check/check-portal.ts'
import { startFaultyProvider } from '../../src/admin/check/faulty-provider.ts'
import type { Client } from '../../src/clients/clients.ts'
import type { Services } from '../../src/services.ts'
import { freePort } from '../setup/free-port.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import type { Example } from './example.ts'
import { createFor, pasteInto, withPorts } from './paste.ts'
import { startProgram } from './program.ts'

/** A portal that runs, and its registration. */
export interface Portal {
  url: string
  client: Client
  stop(): Promise<void>
}

/** Portals of several hosts may not have names that look alike. */
export const letters = () => [...randomBytes(12)].map((byte) => String.fromCodePoint(97 + (byte % 26))).join('')

type Place = { example: Example; directory: string; server: RunningServer; services: Services }

/** What the example is registered with and started from. `configuration`: what `client create --for` printed. */
interface Registered {
  client: Client
  secret: string
  configuration?: string
}

async function register(place: Place, url: string): Promise<Registered> {
  const { example } = place
  const name = `门户${letters()}`
  const scope = example.registration?.scope ?? `openid profile${example.refresh === undefined ? '' : ' offline_access'}`
  const callback = url + example.callback
  const afterLogout = example.signOut ? [url + example.signOut.signedOut] : []
  const backchannel = example.backchannel === undefined ? undefined : url + example.backchannel
  if (example.template) {
    return createFor(example.template, place, [
      '--name',
      name,
      '--scope',
      scope,
      '--redirect-uri',
      callback,
      ...afterLogout.flatMap((uri) => ['--post-logout-redirect-uri', uri]),
      ...(backchannel === undefined ? [] : ['--backchannel-logout-uri', backchannel]),
    ])
  }
  const created = await place.services.clients.create(
    {
      name,
      redirect_uris: [callback],
      scope: 'openid profile offline_access',
      post_logout_redirect_uris: afterLogout,
      ...(backchannel === undefined ? {} : { backchannel_logout_uri: backchannel }),
      ...example.registration,
    },
    'administrator:test',
  )
  if (!created.ok) throw new Error(JSON.stringify(created.problems))
  return { client: created.client, secret: created.secret ?? '' }
}

/** Where the example starts: a directory with the printed configuration, or the one where it was built. */
function runDirectory({ example, directory }: Place, configuration: string | undefined): string {
  if (configuration === undefined) return directory
  const folder = new URL(`../../examples/${example.folder}`, import.meta.url).pathname
  const here = pasteInto(folder, directory, configuration, example.pasteAt)
  for (const [program = '', ...words] of example.assemble ?? []) {
    const { status, stdout, stderr } = spawnSync(program, words, { cwd: here, encoding: 'utf8' })
    if (status !== 0) throw new Error(`"${program} ${words.join(' ')}" failed:\n${stdout}${stderr}`)
  }
  return here
}

/** Starts the example with the settings that each example has, and waits for its first answer. */
async function run(place: Place, port: number, issuer: string, { client, secret, configuration }: Registered) {
  const { example } = place
  const printed = configuration === undefined ? undefined : await withPorts(configuration, example.ports ?? {})
  const directory = runDirectory(place, printed?.text)
  const own = { ISSUER: issuer, CLIENT_ID: client.id, CLIENT_SECRET: secret }
  const program = await startProgram(example.start({ directory, port, issuer, clientId: client.id }), {
    url: `http://localhost:${port}${example.home}`,
    settings: { ...(printed?.settings ?? own), PORT: String(port) },
    directory,
  })
  const stop = async () => {
    await program.stop()
    if (printed) rmSync(directory, { recursive: true, force: true })
  }
  return { output: program.output, stop }
}

/** Registers and starts the example. */
export async function start(place: Place): Promise<Portal> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const registered = await register(place, url)
  const { stop } = await run(place, port, place.server.issuer, registered)
  return { url, client: registered.client, stop }
}

/** What a browser has seen at a portal and at Yideng. */
export interface SignedIn {
  browser: Browser
  visitor: Visitor
  person: { id: string; username: string }
  page: PortalPage
}

/** Begins at the portal, signs in at Yideng, decides there, and returns to the portal. */
export async function signInAt(
  { server, services, example }: Place,
  portal: Portal,
  decision = 'allow',
): Promise<SignedIn> {
  const person = await openPerson(services, { name: '张三' })
  const browser = new Browser(Date.now)
  const led = await leave(browser, server, portal.url + example.login)
  const visitor = new Visitor(server.issuer)
  let page = await signIn(visitor, await visitor.get(led), person.username)
  if (!page.leads) page = await visitor.submit(page, '/consent', { decision })
  if (!page.leads) throw new Error(`Yideng sent nobody back (${page.status}):\n${page.html}`)
  return { browser, visitor, person, page: await browser.open(page.leads.href) }
}

/** Opens an address of the portal. Returns the address at Yideng that it leads to. */
export async function leave(browser: Browser, server: RunningServer, address: string): Promise<string> {
  const led = await browser.open(address, (url) => url.startsWith(`${server.issuer}/`))
  expect(led.url.startsWith(`${server.issuer}/`), `${address} leads to ${led.url} (${led.status}) ${led.text}`).toBe(
    true,
  )
  return led.url
}

/** Whether the home page of the portal greets this browser by name. */
export async function greets(browser: Browser, portal: Portal, { home, shows }: Example): Promise<boolean> {
  const { text, status } = await browser.open(portal.url + home, (url) => !url.startsWith(portal.url))
  return status === 200 && text.includes(shows ?? '张三')
}

/** Signs out of Yideng and of every portal, on Yideng's own page. */
export async function signOutEverywhere({ visitor }: SignedIn): Promise<void> {
  await visitor.submit(await visitor.get('/logout'), '/logout/confirm', { logout: 'yes' })
}

/** The faulty answers that the portal takes. */
export async function takenFaults(place: Place): Promise<string[]> {
  const [port, checker] = [await freePort(), await freePort()]
  const registered = await register(place, `http://localhost:${port}`)
  const { client } = registered
  const alg = client.id_token_alg === 'RS256' ? 'RS256' : 'ES256'
  const provider = await startFaultyProvider({ client, form: { alg }, port: checker, clock: Date.now })
  // as `client check` says: the portal is pointed at another issuer, and nothing else changes
  const configuration = registered.configuration?.replaceAll(place.server.issuer, provider.issuer)
  const pointed = configuration === undefined ? registered : { ...registered, configuration }
  const portal = await run(place, port, provider.issuer, pointed)
  try {
    const login = `http://localhost:${port}${place.example.login}`
    const checked = {
      client,
      provider,
      start: login,
      page: `http://localhost:${port}${place.example.home}`,
      clock: Date.now,
    }
    const checks = await checkPortal({ ...checked, waitMs: 5000 }, () => undefined)
    return checks.filter(({ must, was }) => was !== must && was !== 'unknown').map(({ name }) => name)
  } catch (error) {
    throw new Error(`${String(error)}\n${portal.output()}`, { cause: error })
  } finally {
    await portal.stop()
    await provider.close()
  }
}
