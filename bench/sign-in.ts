import { parseArgs } from 'node:util'
import { signIn } from '../test/setup/person.ts'
import { signedInPhone } from '../test/setup/qr.ts'
import { settleInWechat, startMiniProgram } from './channel-people.ts'
import { closedLoop, type Measured } from './load.ts'
import { median } from './process.ts'
import { settle, signInAt } from './passkey-people.ts'
import { startOurs } from './targets.ts'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '4' }, seconds: { type: 'string', default: '5' } },
})
const rounds = Number(options.rounds)
const roundMs = Number(options.seconds) * 1000
/** One person for each client, because a passkey with a counter cannot be used twice at once. */
const people = 8

const ways = ['passkey', 'channel', 'password'] as const
type Way = (typeof ways)[number]

const program = await startMiniProgram()
const settings = { ...program.settings, YIDENG_ADDRESS_TRIES: '1000000' }
const { target, stop } = await startOurs({ sessions: people, settings })

const persons = await Promise.all(
  Array.from({ length: people }, async (_, index) => ({
    passkey: await settle(target, `bench${index}`),
    channel: await settleInWechat(target, program, `bench${index}`),
    // a browser shows the way of its last sign-in first: each way has its own browser
    password: await signedInPhone(target.origin, { username: `bench${index}` }),
  })),
)

function signInBy(way: Way, { passkey, channel, password }: (typeof persons)[number]): Promise<void> {
  if (way === 'password') return signInAt(target, password, (page) => signIn(password, page, passkey.username))
  const { browser, enter } = way === 'channel' ? channel : passkey
  return signInAt(target, browser, enter)
}

const measure = (way: Way) =>
  closedLoop(
    target.pid,
    persons.map((person) => () => signInBy(way, person)),
    { ms: roundMs },
  )

const results: Record<Way, Measured[]> = { passkey: [], channel: [], password: [] }
for (let round = 0; round < rounds; round += 1) {
  for (const way of round % 2 ? ways : ways.toReversed()) results[way].push(await measure(way))
}

console.log(`whole sign-ins, ${people} people at once, ${rounds} rounds of ${options.seconds} s each`)
console.table(
  Object.fromEntries(
    Object.entries(results).map(([way, measured]) => [
      way,
      {
        'sign-ins/s': median(measured.map((one) => one.perSecond)).toFixed(1),
        'range of rounds': `${Math.min(...measured.map((one) => one.perSecond)).toFixed(0)}–${Math.max(...measured.map((one) => one.perSecond)).toFixed(0)}`,
        'p50 ms': median(measured.map((one) => one.p50)).toFixed(0),
        'p99 ms': median(measured.map((one) => one.p99)).toFixed(0),
        'CPU ms each': median(measured.map((one) => one.cpuMs)).toFixed(1),
      },
    ]),
  ),
)
await stop()
await program.close()
