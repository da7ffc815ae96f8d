import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createCheckpoints } from '../src/audit/checkpoints.ts'
import { verifyAuditLog } from '../src/audit/verify.ts'
import { aliveMs } from '../src/audit/writer-chains.ts'
import { readSettings } from '../src/config/settings.ts'
import { createVerifier } from '../src/keys/document-signatures.ts'
import { openServices } from '../src/services.ts'
import { settle, signInAt } from './passkey-people.ts'
import { scaleOutStores } from './scale-out.ts'
import { startOurs } from './targets.ts'

/**
 * Kills one of two workers in the middle of many sign-ins by passkey. Then the audit log must verify
 * and have every acknowledged sign-in. The chain of the dead worker must be closed.
 */
const { values: options } = parseArgs({
  options: { 'sign-ins': { type: 'string', default: '10000' }, lanes: { type: 'string', default: '16' } },
})
const wanted = Number(options['sign-ins'])
const people = 8

const stores = await scaleOutStores()
const settings = { ...stores.settings, YIDENG_WORKERS: '2', YIDENG_ADDRESS_TRIES: '1000000' }
const { target, environment, stop } = await startOurs({ sessions: people, pinned: false, settings })
const browsers = []
for (let lane = 0; lane < Number(options.lanes); lane += 1) browsers.push(await settle(target, `bench${lane % people}`))

const children = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

const services = await openServices(readSettings(environment), Date.now)
const { database } = services
const signInsOf = async (username: string) => {
  const person = await services.persons.findByIdentifier([{ kind: 'username', value: username }])
  const { many } = await database
    .selectFrom('audit_events')
    .select(({ fn }) => fn.countAll<number>().as('many'))
    .where('event', '=', 'login.succeeded')
    .where('person_id', '=', person?.id ?? '')
    .executeTakeFirstOrThrow()
  return many
}

const before = new Map<string, number>()
const acknowledged = new Map<string, number>()
for (const { username } of browsers) before.set(username, await signInsOf(username))
let [begun, done, failed] = [0, 0, 0]
let killed: number | undefined
const began = performance.now()
await Promise.all(
  browsers.map(async ({ username, browser, enter }) => {
    while (begun < wanted) {
      begun += 1
      if (begun >= wanted / 2 && killed === undefined) {
        killed = children(target.pid)[0] ?? 0
        process.kill(killed, 'SIGKILL')
      }
      try {
        await signInAt(target, browser, enter)
        acknowledged.set(username, (acknowledged.get(username) ?? 0) + 1)
        done += 1
      } catch (error) {
        if (killed === undefined) throw error
        failed += 1
      }
    }
  }),
)
const seconds = (performance.now() - began) / 1000

let missing = 0
for (const [username, many] of acknowledged)
  missing += Math.max(0, (before.get(username) ?? 0) + many - (await signInsOf(username)))

const closed = async () =>
  (await database.selectFrom('audit_chains').select('id').where('closed_at', 'is not', null).execute()).length
for (let waited = 0; waited < 2 * aliveMs && (await closed()) === 0; waited += 1000)
  await new Promise((resolve) => setTimeout(resolve, 1000))

await createCheckpoints({ database, settings: services.settings, clock: Date.now }).make()
const verify = createVerifier(services.settings, Date.now)
const check = await verifyAuditLog({ database, verify, elsewhere: [] })
const chains = await database
  .selectFrom('audit_chains')
  .select(['id', 'closed_at', 'sequence', 'signed_by'])
  .orderBy('id')
  .execute()
console.log({
  'sign-ins': wanted,
  acknowledged: done,
  'failed after the kill': failed,
  'acknowledged without an entry': missing,
  'sign-ins/s': (done / seconds).toFixed(1),
  'closed chains': await closed(),
  chains: chains.length,
  check,
  'load of the machine': loadavg()
    .map((one) => one.toFixed(1))
    .join(' '),
})
await services.close()
await stop()
await stores.stop()
process.exit(missing === 0 && check.whole ? 0 : 1)
