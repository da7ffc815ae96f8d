import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { codeAt, stepAt } from '../../../src/login/methods/otp/suites.ts'
import type { Services } from '../../../src/services.ts'
import { commandLine } from '../../cli/in-process.ts'
import { typeCode } from '../../setup/otp.ts'
import { openPerson, typePassword } from '../../setup/person.ts'
import { eventsOf } from '../../setup/room.ts'
import { startServer, type RunningServer } from '../../setup/server.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'
import { Visitor } from '../../setup/visitor.ts'

const passphrase = 'correct-horse-battery'

/** Seals a file of seeds with a library of JOSE, as docs/otp.md says. */
async function sealed(lines: readonly string[], { p2c = 200_000, alg = 'PBES2-HS512+A256KW' } = {}): Promise<string> {
  const file = join(temporaryDirectory(), 'tokens.jwe')
  const jwe = new CompactEncrypt(Buffer.from(lines.join('\n')))
    .setProtectedHeader({ alg, enc: 'A256GCM' })
    .setKeyManagementParameters({ p2c })
  writeFileSync(file, await jwe.encrypt(Buffer.from(passphrase)))
  return file
}

const seed = (serial: string, secret = randomBytes(16).toString('hex'), more: object = {}) =>
  JSON.stringify({ serial, secret, ...more })

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
})

const run = (args: string, input = '') =>
  commandLine({ environment: server.environment }).yidengWith(input, ...args.split(' '))

async function imported(lines: readonly string[]) {
  const answer = await run(`person import-tokens ${await sealed(lines)} --passphrase-stdin --json`, passphrase)
  return {
    ...answer,
    report: JSON.parse(answer.out || '{}') as { imported?: number; known?: number; malformed?: number[] },
  }
}

describe('hardware tokens', () => {
  it('are imported, given by serial number, asked for at the next sign-in, and removed at the counter', async () => {
    const secret = randomBytes(16)
    expect((await imported([seed('GM10030042', secret.toString('hex'))])).report).toEqual({
      imported: 1,
      known: 0,
      malformed: [],
    })
    const person = await openPerson(services)
    const given = await run(`person give-token ${person.id} --serial gm10030042`)
    expect([given.code, given.err]).toEqual([0, ''])

    const visitor = new Visitor(server.issuer)
    const asked = await typePassword(visitor, await visitor.get('/account/otp'), person.username)
    const code = codeAt(
      { suite: 'gmt0021-sm3', digits: 6, period: 60 },
      secret,
      stepAt({ period: 60 }, services.clock()),
    )
    const room = await typeCode(visitor, asked, code)
    expect(room.html).toContain('硬件令牌（尾号 0042）')

    expect((await run(`person remove-tokens ${person.id}`)).code).toBe(0)
    const next = new Visitor(server.issuer)
    expect((await typePassword(next, await next.get('/account'), person.username)).url.pathname).not.toMatch(/otp$/)
    expect((await run(`person remove-tokens ${person.id}`)).code).toBe(1)
    expect(await eventsOf(services, person.id, 'authenticator.removed')).toHaveLength(1)
  })

  it('are given once, also to two people at once', async () => {
    await imported([seed('ONE-00000001')])
    const people = await Promise.all([openPerson(services), openPerson(services), openPerson(services)])
    const answers = await Promise.all(people.map(({ id }) => run(`person give-token ${id} --serial ONE-00000001`)))
    expect(answers.filter(({ code }) => code === 0)).toHaveLength(1)
    const tokens = await Promise.all(people.map(({ id }) => services.authenticators.list(id, 'otp')))
    expect(tokens.flat()).toHaveLength(1)
    // the file may be imported again; the token stays with its person
    expect((await imported([seed('ONE-00000001')])).report).toEqual({ imported: 0, known: 1, malformed: [] })
  })

  it('are two for a person at most, and an unknown serial number is named', async () => {
    await imported(['A', 'B', 'C'].map((letter) => seed(`MANY-000${letter}`)))
    const { id } = await openPerson(services)
    const codes = []
    for (const letter of ['A', 'B', 'C', 'D'])
      codes.push((await run(`person give-token ${id} --serial MANY-000${letter}`)).code)
    expect(codes).toEqual([0, 0, 1, 2])
    // the third is still free
    const other = await openPerson(services)
    expect((await run(`person give-token ${other.id} --serial MANY-000C`)).code).toBe(0)
  })

  it('leave neither seed nor serial number in the store or the audit log', async () => {
    const secret = randomBytes(20).toString('hex')
    await imported([seed('HIDDEN-778899', secret, { suite: 'rfc6238-sha1', period: 30 })])
    const rows = await services.database.selectFrom('otp_tokens').selectAll().execute()
    const log = await services.database.selectFrom('audit_events').select(['details', 'restricted']).execute()
    const stored = JSON.stringify([rows, log])
    for (const text of [secret, Buffer.from(secret, 'hex').toString('base64'), '778899'])
      expect(stored).not.toContain(text)
  })
})

it('a rotation of the data key seals tokens again: one with a person, and one without', async () => {
  const secret = randomBytes(16)
  await imported([seed('MOVED-0001', secret.toString('hex')), seed('MOVED-0002')])
  const [person, other] = [await openPerson(services), await openPerson(services)]
  expect((await run(`person give-token ${person.id} --serial MOVED-0001`)).code).toBe(0)
  const before = await services.authenticators.find(person.id, 'otp')
  const rotated = await run('keys rotate --kind data --json')
  expect([rotated.code, JSON.parse(rotated.out)]).toMatchObject([0, { left: [] }])
  services.dataKeys.refresh()
  expect((await services.authenticators.find(person.id, 'otp'))?.data).not.toBe(before?.data)

  const visitor = new Visitor(server.issuer)
  const asked = await typePassword(visitor, await visitor.get('/account'), person.username)
  const code = codeAt({ suite: 'gmt0021-sm3', digits: 6, period: 60 }, secret, stepAt({ period: 60 }, services.clock()))
  expect((await typeCode(visitor, asked, code)).url.pathname).toBe('/account')
  expect((await run(`person give-token ${other.id} --serial MOVED-0002`)).code).toBe(0)
})

describe('a file of seeds', () => {
  it('names each line that it does not import', async () => {
    const good = seed('LINE-0001')
    const { code, report } = await imported([
      good,
      'no JSON',
      seed('LINE-0002', 'ab'.repeat(15)),
      seed('x'),
      seed('LINE-0003', undefined, { digits: 5 }),
      seed('LINE-0004', undefined, { period: 120 }),
      seed('LINE-0005', undefined, { suite: 'md5' }),
      seed('LINE-0006', undefined, { more: 1 }),
      good,
    ])
    expect([code, report]).toEqual([1, { imported: 1, known: 1, malformed: [2, 3, 4, 5, 6, 7, 8] }])
  })

  it.each([
    ['a wrong passphrase', async () => [await sealed([seed('NO-000001')]), 'wrong']],
    ['too few rounds', async () => [await sealed([seed('NO-000002')], { p2c: 1000 }), passphrase]],
    ['another algorithm', async () => [await sealed([seed('NO-000003')], { alg: 'PBES2-HS256+A128KW' }), passphrase]],
    [
      'no seal',
      async () => {
        const file = join(temporaryDirectory(), 'plain.jsonl')
        writeFileSync(file, seed('NO-000004'))
        return [file, passphrase]
      },
    ],
    ['no file', async () => [join(temporaryDirectory(), 'none.jwe'), passphrase]],
  ])('with %s imports nothing', async (_what, make) => {
    const [file, typed] = await make()
    const before = await services.database.selectFrom('otp_tokens').selectAll().execute()
    expect((await run(`person import-tokens ${file} --passphrase-stdin`, typed)).code).toBe(2)
    expect(await services.database.selectFrom('otp_tokens').selectAll().execute()).toEqual(before)
  })
})
