import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { importFile } from '../../../../src/accounts/imports/import-file.ts'
import { createPasswords } from '../../../../src/accounts/passwords/hash.ts'
import { readLegacyWork } from '../../../../src/accounts/passwords/legacy-hashes/store-work.ts'
import { lowerLegacyWork, wrapPasswords } from '../../../../src/accounts/passwords/wrap-passwords.ts'
import type { Services } from '../../../../src/services.ts'
import { linesOf, rowOf } from '../../../accounts/imports/rows.ts'
import { signIn } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { temporaryDirectory } from '../../../setup/temporary.ts'
import { Visitor } from '../../../setup/visitor.ts'

const md5 = (bytes: Buffer | string) => createHash('md5').update(bytes).digest('hex')
/** 密码-2019 in GBK. */
const gbk = Buffer.from('c3dcc2eb2d32303139', 'hex')

const people = [
  {
    password: '密码-2019',
    passwordHash: `$legacy$scheme=md5,order=salt+pw$s4lt$${md5(Buffer.concat([Buffer.from('s4lt'), gbk]))}`,
  },
  {
    password: 'Old-City-2019',
    passwordHash: `$legacy$scheme=md5,front=md5$$${md5(md5('Old-City-2019')).toUpperCase()}`,
  },
  { password: 'U*U', passwordHash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' },
]
let server: RunningServer
let services: Services
let portal: Awaited<ReturnType<typeof registerPortal>>
let imported = 0

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
  portal = await registerPortal(services, { consent: 'implicit' })
})

/** Imports the people with other numbers each time; returns their usernames. */
async function importPeople(): Promise<{ username: string; password: string }[]> {
  const directory = temporaryDirectory()
  const file = join(directory, 'people.jsonl')
  const rows = people.map(({ passwordHash }, index) => rowOf(imported + index, { passwordHash }))
  imported += rows.length
  writeFileSync(file, linesOf(rows))
  const { cipher, lookup } = services.dataKeys
  const input = {
    file,
    upstream: 'foshan',
    directory,
    dryRun: false,
    actor: 'administrator:test',
    progress: () => undefined,
  }
  const { results } = await importFile({ ...services, cipher, lookup }, input)
  expect(results.counts.new).toBe(people.length)
  return rows.map(({ username }, index) => ({ username, password: people[index]?.password ?? '' }))
}

async function tries(username: string, password: string) {
  const visitor = new Visitor(server.issuer)
  return signIn(visitor, await visitor.get((await portal.begin()).url), username, password)
}

const stored = async (username: string) => {
  const person = await services.persons.findByIdentifier([{ kind: 'username', value: username }])
  return (await services.authenticators.find(person?.id ?? '', 'password'))?.data ?? ''
}

describe('an imported password', () => {
  it('signs in as it was imported, once it is right, and is argon2id from then on', async () => {
    for (const { username, password } of await importPeople()) {
      const wrong = await tries(username, `${password}!`)
      expect(wrong.status).toBe(400)
      expect(wrong.html).toContain('name="password"')
      expect((await tries(username, password)).leads).toBeDefined()
      expect(await stored(username)).toMatch(/^\{"hash":"\$argon2id\$v=19\$m=19456,/)
      expect((await tries(username, password)).leads).toBeDefined()
    }
  })

  it('is wrapped by the job, and signs in the same', async () => {
    const known = await importPeople()
    const { database, authenticators, dataKeys } = services
    const deps = { database, authenticators, cipher: dataKeys.cipher, passwords: createPasswords() }
    const failed: unknown[] = []
    // the job of the server does the same; each finds what the other left
    while ((await wrapPasswords(deps, (error) => failed.push(error))) > 0);
    expect(failed).toEqual([])
    for (const { username } of known)
      expect(await stored(username)).toMatch(/^\{"hash":"\$legacy\$[^$]*\$[^$]*\$\$argon2id\$/)
    expect(await readLegacyWork(database)).toEqual({ bcrypt: 32 })
    for (const { username, password } of known) {
      expect((await tries(username, `${password}!`)).status).toBe(400)
      expect((await tries(username, password)).leads).toBeDefined()
      expect(await stored(username)).toMatch(/^\{"hash":"\$argon2id\$/)
    }
    // with the last one, the work of each check ends
    await lowerLegacyWork(deps)
    expect(await readLegacyWork(database)).toBeUndefined()
  })

  it('of a row that was changed in the store is not wrapped, and does not stop the others', async () => {
    const known = await importPeople()
    const { database, authenticators, dataKeys } = services
    const deps = { database, authenticators, cipher: dataKeys.cipher, passwords: createPasswords() }
    const [first] = known
    const person = await services.persons.findByIdentifier([{ kind: 'username', value: first?.username ?? '' }])
    await database
      .updateTable('authenticators')
      .set({ data: '{"sealed":"d1.AAAA"}' })
      .where('person_id', '=', person?.id ?? '')
      .execute()
    const failed: unknown[] = []
    while ((await wrapPasswords(deps, (error) => failed.push(error))) > 0);
    expect(failed.length).toBeGreaterThan(0)
    for (const { username } of known.slice(1)) expect(await stored(username)).toContain('$legacy$')
  })
})
