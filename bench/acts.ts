import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readSettings } from '../src/config/settings.ts'
import { openServices, type Services } from '../src/services.ts'
import type { DatabaseTransaction } from '../src/storage/database.ts'
import { inOwnTurn } from '../src/storage/turns.ts'
import { delayed } from './delay.ts'
import { scaleOutStores } from './scale-out.ts'

/** Acts a second, each as large as a consent, with PostgreSQL at several distances: one turn for everyone, or one for each person. */
const { values: options } = parseArgs({
  options: {
    delays: { type: 'string', default: '0,2' },
    seconds: { type: 'string', default: '5' },
    lanes: { type: 'string', default: '16' },
    processes: { type: 'string', default: '2' },
  },
})
const spanMs = Number(options.seconds) * 1000

/** As much as a consent does: a read, a write and its audit entry. */
const act =
  ({ audit }: Services, personId: string) =>
  async (transaction: DatabaseTransaction) => {
    const key = `bench-${personId}`
    await transaction.selectFrom('house').select('value').where('key', '=', key).execute()
    await transaction
      .insertInto('house')
      .values({ key, value: '' })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: '' }))
      .execute()
    await audit.append(transaction, { event: 'consent.given', actor: 'person', personId, clientId: 'portal' })
  }

async function perSecond(processes: Services[], run: (services: Services, personId: string) => Promise<void>) {
  let done = 0
  const until = performance.now() + spanMs
  const lane = async (services: Services, personId: string) => {
    while (performance.now() < until) {
      await run(services, personId)
      done += 1
    }
  }
  const lanes = processes.flatMap((services, process) =>
    Array.from({ length: Number(options.lanes) }, (_, index) => lane(services, `p${process}-${index}`)),
  )
  await Promise.all(lanes)
  return (done / spanMs) * 1000
}

for (const ms of options.delays.split(',').map(Number)) {
  const stores = await scaleOutStores()
  const away = await delayed(stores.settings.YIDENG_DATABASE_URL, ms)
  const directory = mkdtempSync(join(tmpdir(), 'yideng-bench-acts-'))
  const environment = {
    ...process.env,
    ...stores.settings,
    YIDENG_DATABASE_URL: away.url,
    YIDENG_ISSUER: 'http://localhost:1',
    YIDENG_DATA_DIR: directory,
    YIDENG_KEYS_DIR: join(directory, 'keys'),
  }
  const processes: Services[] = []
  for (let index = 0; index < Number(options.processes); index += 1)
    processes.push(await openServices(readSettings(environment), Date.now))
  const everyone = await perSecond(processes, (services, personId) =>
    services.database.transaction().execute(act(services, personId)),
  )
  const own = await perSecond(processes, (services, personId) =>
    inOwnTurn(services.database, [personId], act(services, personId)),
  )
  console.log({
    'ms each way': ms,
    'acts/s, one turn': everyone.toFixed(0),
    'acts/s, own turns': own.toFixed(0),
    load: loadavg()[0]?.toFixed(1),
  })
  for (const services of processes) await services.close()
  away.stop()
  await stores.stop()
  rmSync(directory, { recursive: true, force: true })
}
process.exit(0)
