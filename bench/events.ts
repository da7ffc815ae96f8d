import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createCommandContext } from '../src/admin/command-context.ts'
import { openServices } from '../src/services.ts'
import { run } from '../src/cli/run.ts'
import { readSettings } from '../src/config/settings.ts'
import { approve, signedInPhone, WaitingComputer } from '../test/setup/qr.ts'
import { authorizePath } from './flow.ts'
import { cpuOf, quantile } from './process.ts'
import { scaleOutStores } from './scale-out.ts'
import { startOurs } from './targets.ts'

/** Measures how soon a change reaches a second server on the same store, and the cost of waiting for changes. */
const { values: options } = parseArgs({
  options: {
    stores: { type: 'string', default: 'embedded,scale-out' },
    rounds: { type: 'string', default: '10' },
    idle: { type: 'string', default: '20' },
  },
})
const rounds = Number(options.rounds)
const idleSeconds = Number(options.idle)
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 40_000
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('a change was never seen')
    await wait(1)
  }
}

for (const store of options.stores.split(',')) {
  const stores = store === 'scale-out' ? await scaleOutStores() : undefined
  const directory = mkdtempSync(join(tmpdir(), 'yideng-events-'))
  const shared = {
    ...stores?.settings,
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: join(directory, 'keys'),
    YIDENG_QR_ADDRESS_CREATIONS: '1000000',
    YIDENG_QR_ACCOUNT_SCANS: '1000000',
    YIDENG_ADDRESS_TRIES: '1000000',
  }
  const first = await startOurs({ sessions: 0, settings: shared })
  const YIDENG_ISSUER = first.target.origin
  const second = await startOurs({ sessions: 0, settings: { ...shared, YIDENG_ISSUER } })
  const there = `http://127.0.0.1:${new URL(second.target.origin).port}`
  const environment = { ...shared, YIDENG_ISSUER }

  /** Like the command line, without its start. */
  async function command(...argv: string[]): Promise<void> {
    const context = createCommandContext({
      environment,
      makesStore: true,
      clock: Date.now,
      actor: 'administrator:bench',
    })
    const terminal = { input: process.stdin, prompt: process.stderr }
    const code = await run({ argv, context, environment, terminal, out: () => undefined, err: console.error })
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${code}`)
    await context.close()
  }

  const services = await openServices(readSettings(environment), Date.now)
  const cases: Record<string, () => Promise<() => Promise<void>>> = {
    /** From the end of the command until the other server refuses a portal that it just served. */
    'a portal is suspended': async () => {
      const serves = async () =>
        (await fetch(there + authorizePath(second.target, 'v'.repeat(43), 's'), { redirect: 'manual' })).status < 400
      await command('client', 'resume', second.target.clientId)
      await until(serves)
      await wait(Math.random() * 1000)
      await serves()
      await command('client', 'suspend', second.target.clientId)
      return () => until(async () => !(await serves()))
    },
    'a signing key is made': async () => {
      const published = async () =>
        ((await (await fetch(`${there}/jwks`)).json()) as { keys: { kid: string }[] }).keys.length
      const before = await published()
      await wait(Math.random() * 1000)
      await command('keys', 'rotate', '--now')
      return () => until(async () => (await published()) > before)
    },
    'an account is locked: its sessions are ended': async () => {
      const [person] = await services.persons.list({ limit: 1 })
      await command('person', 'unlock', person?.id ?? '')
      await wait(Math.random() * 1000)
      await command('person', 'lock', person?.id ?? '')
      const left = () => services.database.selectFrom('session_endings').selectAll().execute()
      return () => until(async () => (await left()).length === 0)
    },
  }

  /** From the scan, and from the approval, until the page at the other server shows it. */
  async function scans() {
    const phone = await signedInPhone(first.target.origin, { username: 'bench7' })
    const delays: Record<'scanned' | 'approved', number[]> = { scanned: [], approved: [] }
    for (let round = 0; round < rounds; round += 1) {
      const url = new URL(authorizePath(first.target, 'v'.repeat(43), 'qr'), first.target.origin)
      const computer = await WaitingComputer.at(url, first.target.origin)
      await computer.start()
      const told = new Map<string, number>()
      const close = await watch(there, computer, (state) => told.set(state, told.get(state) ?? performance.now()))
      await wait(1000 + Math.random() * 1000)
      const { frame = '' } = await computer.look()
      const asked = await phone.get(frame)
      const scannedAt = performance.now()
      await until(async () => told.has('scanned'))
      delays.scanned.push(Math.max(0, (told.get('scanned') ?? 0) - scannedAt))
      await approve(phone, asked)
      const approvedAt = performance.now()
      await until(async () => told.has('approved'))
      delays.approved.push(Math.max(0, (told.get('approved') ?? 0) - approvedAt))
      close()
    }
    return delays
  }

  await wait(3000)
  const pids = [first.target.pid, second.target.pid]
  const cpuNow = () => pids.map(cpuOf).reduce((sum, one) => sum + one, 0)
  const [cpuBefore, began] = [cpuNow(), performance.now()]
  await wait(idleSeconds * 1000)
  const idle = (cpuNow() - cpuBefore) / ((performance.now() - began) / 1000) / pids.length
  console.log(`${store}: an idle server uses ${idle.toFixed(1)} ms of CPU a second`)

  const show = (name: string, delays: number[]) => {
    delays.sort((one, other) => one - other)
    const [middle, most] = [quantile(delays, 0.5), quantile(delays, 1)].map((ms) => ms.toFixed(0))
    console.log(`${store}: ${name.padEnd(46)} median ${middle} ms, most ${most} ms`)
  }
  for (const [name, delays] of Object.entries(await scans())) show(`a QR login is ${name}: its page is told`, delays)
  for (const [name, change] of Object.entries(cases)) {
    const delays: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const seen = await change()
      const changedAt = performance.now()
      await seen()
      delays.push(performance.now() - changedAt)
    }
    show(name, delays)
  }
  await services.close()
  await second.stop()
  await first.stop()
  await stores?.stop()
  rmSync(directory, { recursive: true, force: true })
}

/** Reads the stream of a waiting page at a server. */
function watch(origin: string, computer: WaitingComputer, told: (state: string) => void): Promise<() => void> {
  const cookie = computer.visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const address = `${origin}${computer.page.url.pathname}/qr/stream?id=${computer.id}`
  return new Promise((resolve, reject) => {
    const request = get(address, { headers: { cookie, accept: 'text/event-stream' }, agent: false }, (answer) => {
      if (answer.statusCode !== 200) return reject(new Error(`stream: ${answer.statusCode}`))
      answer.setEncoding('utf8')
      answer.on('error', () => undefined)
      answer.on('data', (text: string) => {
        for (const [, state = ''] of text.matchAll(/"state":"(\w+)"/g)) told(state)
      })
      return resolve(() => request.destroy())
    })
    request.on('error', reject)
  })
}
