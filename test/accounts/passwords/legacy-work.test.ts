import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KyselyPlugin } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { verifyArgon2id } from '../../../src/accounts/passwords/argon2id.ts'
import { createPasswords } from '../../../src/accounts/passwords/hash.ts'
import { followLegacyWork, readLegacyWork } from '../../../src/accounts/passwords/legacy-hashes/store-work.ts'
import { preparePassword } from '../../../src/accounts/passwords/prepare.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { openServices } from '../../../src/services.ts'
import { openEvents } from '../../../src/storage/stores.ts'
import { commandLine } from '../../cli/in-process.ts'
import { handClock } from '../../setup/temporary.ts'
import { linesOf, rowOf } from '../imports/rows.ts'

const pollLong = 5000

/** A store, and what a server on it knows of the work, with the statements that it sends. Its clock never moves, so only events change that. */
async function openServer() {
  const line = commandLine()
  const settings = readSettings(line.environment)
  const services = await openServices(settings, Date.now)
  const events = openEvents(settings, { listens: true, failed: (error) => expect.fail(String(error)) })
  onTestFinished(async () => {
    await events.stop()
    await services.close()
  })
  const statements: string[] = []
  const counting: KyselyPlugin = {
    transformQuery({ node }) {
      statements.push(node.kind)
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const legacyWork = followLegacyWork(services.database.withPlugin(counting), events, handClock().clock)
  await expect.poll(() => events.isConnected()).toBe(true)
  return { ...line, services, statements, legacyWork }
}

/** Time of the processor, of all threads: other programs on the machine do not change it. */
async function worked(call: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await call()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

it('a check without legacy hashes in the store is one argon2id, and reads nothing of the store', async () => {
  const { statements, legacyWork } = await openServer()
  let passed = 0
  const passwords = createPasswords({ legacyWork, gate: (work) => ((passed += 1), work()) })
  const hash = await passwords.hash('right password')
  await passwords.verify(hash, 'wrong password')
  const before = { passed, statements: statements.length }
  expect(before.statements).toBe(1)
  const typed = '错误的密码' // two forms, where legacy hashes are
  const least = { check: Infinity, decoy: Infinity, argon2id: Infinity }
  for (let round = 0; round < 6; round += 1) {
    least.argon2id = Math.min(least.argon2id, await worked(() => verifyArgon2id(hash, preparePassword(typed))))
    least.check = Math.min(least.check, await worked(() => passwords.verify(hash, typed)))
    least.decoy = Math.min(least.decoy, await worked(() => passwords.verifyDecoy(typed)))
  }
  expect({ passed, statements: statements.length }).toEqual({ passed: before.passed + 12, statements: 1 })
  // a second argon2id would double it
  expect(least.check / least.argon2id).toBeLessThan(1.5)
  expect(least.decoy / least.argon2id).toBeLessThan(1.5)
})

it('a server learns at once of the first imported hash, and of a more costly one', async () => {
  const { directory, json, services, statements, legacyWork } = await openServer()
  const file = join(directory, 'city.jsonl')
  const importing = async (index: number, passwordHash: string) => {
    writeFileSync(file, linesOf([rowOf(index, { passwordHash })]))
    expect(await json('person', 'import', file, '--upstream', 'city')).toMatchObject({ new: 1 })
  }
  expect(await legacyWork()).toBeUndefined()
  const md5 = '$legacy$scheme=md5$$5f4dcc3b5aa765d61d8327deb882cf99'
  await importing(1, md5)
  await expect.poll(legacyWork, { timeout: pollLong }).toEqual({})
  await importing(2, '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW')
  await expect.poll(legacyWork, { timeout: pollLong }).toEqual({ bcrypt: 32 })
  // a hash of less work changes nothing, and no server reads again
  const before = statements.length
  await importing(3, md5)
  expect(await readLegacyWork(services.database)).toEqual({ bcrypt: 32 })
  await legacyWork()
  expect(statements.length).toBe(before)
})
