import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { allCommands } from '../../src/admin/commands.ts'
import { flagOf } from '../../src/admin/fields.ts'
import { commandLine } from '../cli/in-process.ts'
import { routesOf, routeOf } from '../setup/routes.ts'
import { openPerson } from '../setup/person.ts'
import { signedIn } from '../setup/signed-in.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { protocolRoutes, shoot, shots, type Known } from './requests.ts'
import { hostile } from './values.ts'

const commands = await allCommands()

/** In seconds: short in `npm test`, minutes in `.ci/fuzz`. */
const long = process.env['YIDENG_FUZZ_SECONDS']
const seconds = Number(long ?? 8)
/** In seconds. A short run shares its machine with other tests, which stall it too. */
const longestStall = long === undefined ? 1 : 0.2
const timeout = seconds * 1000 + 60_000

/** The same seed makes the same requests: YIDENG_FUZZ_SEED. */
const seed = Number(process.env['YIDENG_FUZZ_SEED'] ?? Date.now() % 2 ** 31)
const report = (what: string, many: number) => long !== undefined && console.log(`${what}: ${many}, seed ${seed}`)

const within = (share: number) => ({
  seed,
  interruptAfterTimeLimit: seconds * share * 1000,
  markInterruptAsFailure: false,
  numRuns: 10_000_000,
  endOnFailure: true,
})

const usual =
  'openid profile code S256 authorization_code refresh_token urn:yideng:loa:4 none login consent allow yes 1 zh-CN resident_id'

/** A person signed in at a portal, a running login, and all their ids, tokens and cookies. */
async function world(server: RunningServer): Promise<Known> {
  const services = await server.services()
  const { person, portal, visitor, tokens } = await signedIn(services, {
    scope: 'openid profile phone identity offline_access',
  })
  const other = await openPerson(services)
  const guest = new Visitor(server.issuer)
  const { url } = await portal.begin()
  const asked = await guest.get(url)
  const csrf = /name="csrf" value="([^"]+)"/.exec(asked.html)?.[1] ?? ''
  const attempt = asked.url.pathname.split('/').at(-1) ?? ''
  const cookies = [...visitor.cookies, ...guest.cookies].map(({ name, value }) => `${name}=${value}`)
  return {
    csrf,
    cookies,
    values: [
      person.id,
      person.username,
      person.number,
      person.phone,
      person.password,
      other.id,
      attempt,
      csrf,
      portal.clientId,
      portal.redirectUri,
      tokens.access_token,
      tokens.refresh_token ?? '',
      tokens.id_token ?? '',
      `Bearer ${tokens.access_token}`,
      `DPoP ${tokens.access_token}`,
      ...usual.split(' '),
    ],
  }
}

it('answers any request on any route without a server error or a stall', { timeout }, async () => {
  const wide = {
    YIDENG_ADDRESS_REQUESTS: '100000000',
    YIDENG_ADDRESS_STORED: '100000000',
    YIDENG_ADDRESS_TRIES: '1000000',
    YIDENG_ADDRESS_REGISTRATIONS: '1000000',
  }
  const server = await startServer({ YIDENG_LOG_LEVEL: 'debug', YIDENG_QR_ADDRESS_CREATIONS: '1000000', ...wide })
  const { pages, programs } = routesOf(server)
  const routes = [...pages, ...programs, ...protocolRoutes.map(([method, path]) => routeOf(`${method} ${path}`))]
  const known = await world(server)
  await fetch(`${server.issuer}/metrics`) // resets the longest delay of the event loop
  let answered = 0
  await fc.assert(
    fc.asyncProperty(fc.array(shots(routes, known), { minLength: 4, maxLength: 12 }), async (together) => {
      const answers = await Promise.all(together.map((shot) => shoot(server.issuer, shot)))
      answered += answers.length
      answers.forEach(({ status, text }, index) => {
        // the queue of password hashes may be full
        if (status === 503) return
        const shot = JSON.stringify(together[index])
        expect(status, shot).toBeLessThan(500)
        expect(text.slice(0, 5000), shot).not.toMatch(/\n\s+at \S+ \(|node_modules|SQLITE|\.ts:\d+/)
      })
    }),
    within(0.7),
  )
  const metrics = await (await fetch(`${server.issuer}/metrics`)).text()
  expect(Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(metrics)?.[1])).toBeLessThan(longestStall)
  expect(server.output()).not.toMatch(/"level":[56]0|UnhandledPromise|uncaught/i)
  // no request can forge a line of the log; the last line may be incomplete
  const lines = server.output().split('\n').slice(0, -1)
  const forged = lines.filter((line) => line !== '' && !/^(\{"level":\d+,"time":.*\}|Yideng .*)$/.test(line))
  expect(forged).toEqual([])
  expect(await (await fetch(`${server.issuer}/readyz`)).json()).toEqual({ status: 'ready' })
  report('requests answered', answered)
  expect(answered).toBeGreaterThan(100)
})

/** Whether `name`, resolved in the directory `here`, is outside `inside`. SQLite also accepts `file:` URLs. */
function isOutside(name: string, inside: string, here: string): boolean {
  const path = resolve(here, name.replace(/^file:(\/\/[^/]*)?/i, ''))
  return path !== inside && !path.startsWith(`${inside}/`)
}

it('uses no argument that names a file outside its directory', () => {
  const [inside, here] = ['/tmp/own', '/tmp/own/a/b']
  for (const name of ['/none', '/', '../../..', '../../../etc/passwd', 'file:/etc/passwd', 'file:///etc/passwd'])
    expect(isOutside(name, inside, here), name).toBe(true)
  for (const name of ['x', '../../x', '/tmp/own/none', '', 'https://a.example/'])
    expect(isOutside(name, inside, here), name).toBe(false)
})

/** Commands that are too slow here: they make keys. */
const slow = new Set(['keys rotate'])

it('the command line accepts or refuses any arguments', { timeout }, async () => {
  const line = commandLine()
  await line.json('migrate')
  // so deep that no relative path leaves the temporary directory, which the test removes
  const before = process.cwd()
  const deep = join(line.directory, 'a/b/c/d/e/f/g/h')
  mkdirSync(deep, { recursive: true })
  process.chdir(deep)
  onTestFinished(() => process.chdir(before))
  const elsewhere = ['/', '/none'].map((path) => join(line.directory, path))
  const text = fc
    .oneof(
      fc.constantFrom(...hostile.map(([, value]) => value)),
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom('440300', '3', 'https://a.example/', 'openid', '2026-11', '-1', '0', ...elsewhere),
    )
    .filter((value) => !isOutside(value, line.directory, deep))
  const typed = fc
    .constantFrom(...commands.filter(({ noun, verb }) => !slow.has(`${noun} ${verb}`)))
    .chain((command) => {
      const flags = Object.entries(command.fields).filter(([, { positional }]) => !positional)
      const flag = flags.map(([name, field]) => `--${flagOf(name, field)}`)
      const word = fc.oneof(
        text,
        fc.constantFrom('--json', '--', ...flag),
        fc.tuple(fc.constantFrom('--x', ...flag), text).map(([name, value]) => `${name}=${value}`),
      )
      const named = [command.noun, ...(command.verb ? [command.verb] : [])]
      return fc.array(word, { maxLength: 8 }).map((words) => [...named, ...words])
    })
  let ran = 0
  await fc.assert(
    fc.asyncProperty(typed, async (argv) => {
      const { code, out, err } = await line.yideng(...argv)
      ran += 1
      const shown = JSON.stringify({ argv, code, err })
      expect([0, 1, 2, 3], shown).toContain(code)
      expect(code === 0 || err !== '', shown).toBe(true)
      expect(err, shown).not.toMatch(/\n\s+at \S+ \(|TypeError|ReferenceError|SQLITE|Cannot read|is not a function/)
      if (argv.includes('--json') && code === 0 && !argv.includes('--help') && !argv.includes('-h')) {
        expect(() => JSON.parse(out) as unknown, shown).not.toThrow()
      }
    }),
    within(0.3),
  )
  report('command lines', ran)
  expect(ran).toBeGreaterThan(0)
})
