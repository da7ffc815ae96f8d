import { join } from 'node:path'
import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createReadiness, refuseWrongClock } from '../../src/http/readiness.ts'
import { openDataKeys } from '../../src/keys/data-keys.ts'
import { writeKeysInStore } from '../../src/keys/keys-in-store.ts'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { isRight, isWrong, readClock } from '../../src/storage/store-clock.ts'
import { longWay } from '../setup/long-way.ts'
import { cannotRun } from '../setup/parts.ts'
import { makePostgres } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const answerMs = 1200
/** Less than half of the time that an answer takes. */
const most = 200

async function far() {
  const url = await makePostgres()
  const near = openDatabase(url)
  await migrate(near)
  await near
    .transaction()
    .execute((within) => writeKeysInStore(within, { data: 'd1', index: ['i1'], fingerprints: {} }))
  await near.destroy()
  const database = openDatabase((await longWay(url, answerMs)).url)
  onTestFinished(() => database.destroy())
  return database
}

describe.skipIf(cannotRun('PostgreSQL'))('a PostgreSQL that answers late', () => {
  it('makes no right clock wrong, hides no wrong one, and ends no fault', async () => {
    const database = await far()
    let shift = 0
    const clock = () => Date.now() + shift
    // the first one connects too
    await readClock(database, clock)
    const reading = await readClock(database, clock)
    expect(reading.within).toBeGreaterThanOrEqual(answerMs / 2)
    expect(Math.abs(reading.ahead)).toBeGreaterThan(most)

    await refuseWrongClock(database, clock, most)
    const readiness = createReadiness({
      database,
      dataKeys: openDataKeys(join(temporaryDirectory(), 'keys')),
      stores: async () => undefined,
      mostClockMs: most,
      clock,
      registry: new Registry(),
    })
    await readiness.look()
    expect(readiness.ownFault()).toBeUndefined()

    shift = 600_000
    await expect(refuseWrongClock(database, clock, most)).rejects.toThrow(/60\d seconds ahead/)
    await readiness.look()
    expect(readiness.ownFault()).toMatch(/seconds ahead of PostgreSQL/)
    shift = 0
    await readiness.look()
    expect(readiness.ownFault(), 'the answer says too little').toMatch(/seconds ahead of PostgreSQL/)
  })
})

describe('a reading of the clock', () => {
  it.each([
    [0, 0, false, true],
    [5000, 0, false, true],
    [5001, 0, true, false],
    [-5001, 0, true, false],
    [-5001, 1, false, false],
    [7500, 7500, false, false],
    [12_501, 7500, true, false],
    [-12_501, 7500, true, false],
    [3000, 7500, false, true],
  ])('%i ms ahead, within %i ms', (ahead, within, wrong, right) => {
    expect([isWrong({ ahead, within }, 5000), isRight({ ahead, within }, 5000)]).toEqual([wrong, right])
  })
})
