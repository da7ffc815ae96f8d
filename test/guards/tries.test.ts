import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTries } from '../../src/guards/tries.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

const minute = 60_000

function openTries() {
  const { clock, forward } = handClock()
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  return { tries: createTries({ kind: 'password-tries', artifacts, clock, tries: 6, waitSeconds: 900 }), forward }
}

const reserve = async (tries: ReturnType<typeof openTries>['tries'], key: string) =>
  (await tries.make((one) => one(key))).waitMs

async function tryTimes(tries: ReturnType<typeof openTries>['tries'], times: number) {
  const waits = []
  for (let index = 0; index < times; index += 1) waits.push(await reserve(tries, 'account'))
  return waits
}

describe('limits of wrong attempts', () => {
  it('allow six attempts, then wait 15 minutes', async () => {
    const { tries, forward } = openTries()
    expect(await tryTimes(tries, 7)).toEqual([0, 0, 0, 0, 0, 0, 15 * minute])
    forward(15 * minute - 1)
    expect(await reserve(tries, 'account')).toBe(1)
    expect(await reserve(tries, 'another account')).toBe(0)
    forward(1)
    expect(await reserve(tries, 'account')).toBe(0)
  })

  it('double the wait each round, up to a day', async () => {
    const { tries, forward } = openTries()
    const waits = []
    for (let round = 0; round < 9; round += 1) {
      const wait = (await tryTimes(tries, 7)).at(-1) ?? 0
      waits.push(wait / minute)
      forward(wait)
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 960, 1440, 1440])
  })

  it('forget everything after a correct password, even on the last attempt', async () => {
    const { tries } = openTries()
    await tryTimes(tries, 6)
    await tries.clear('account')
    expect(await tryTimes(tries, 7)).toEqual([0, 0, 0, 0, 0, 0, 15 * minute])
  })

  it('do not count a failed attempt under any of its keys, even when it began the wait', async () => {
    const { tries } = openTries()
    const fail = async () => {
      const made = tries.make(async (one) => {
        expect(await one('account')).toMatchObject({ waitMs: 0 })
        expect(await one('other')).toMatchObject({ waitMs: 0 })
        throw new Error('away')
      })
      await expect(made).rejects.toThrow('away')
    }
    await tryTimes(tries, 5)
    // the sixth begins the wait
    for (let times = 0; times < 7; times += 1) await fail()
    expect(await tries.make((one) => one('other'))).toEqual({ waitMs: 0, first: true })
    expect(await tries.make((one) => one('account'))).toEqual({ waitMs: 0, first: false })
    expect(await reserve(tries, 'account')).toBe(15 * minute)
    await tries.clear('account')
    expect(await tryTimes(tries, 7)).toEqual([0, 0, 0, 0, 0, 0, 15 * minute])
  })

  it('hold against parallel attempts', async () => {
    const { tries } = openTries()
    const waits = await Promise.all(Array.from({ length: 100 }, () => reserve(tries, 'account')))
    expect(waits.filter((wait) => wait === 0)).toHaveLength(6)
  })
})
