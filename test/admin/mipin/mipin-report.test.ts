import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { createCheckpoints } from '../../../src/audit/checkpoints.ts'
import type { documentOf } from '../../../src/admin/mipin/report-document.ts'
import { loginMethods } from '../../../src/login-methods.ts'
import { columnMarks } from '../../../src/storage/schema.ts'
import { commandLine, zhangSan, type Options } from '../../cli/in-process.ts'
import { cannotRun } from '../../setup/parts.ts'
import { fakeSignatureServer } from '../../setup/signature-server.ts'
import { openPerson } from '../../setup/person.ts'
import { makePostgres } from '../../setup/stores.ts'
import { directoryOfFile } from '../../setup/temporary.ts'

type Document = ReturnType<typeof documentOf>
type Line = ReturnType<typeof commandLine>

const root = new URL('../../../', import.meta.url)
const password = 'Nanshan-7-lychee'

const report = (line: Line) => line.json<Document>('mipin', 'report')
const clauseOf = ({ clauses }: Document, id: string) => {
  const found = clauses.find(({ clause }) => clause === id)
  if (!found) throw new Error(`no clause ${id}`)
  return found
}
const riskOf = ({ high_risks: risks }: Document, id: string) => risks.find((risk) => risk.id === id)
const algorithmOf = ({ algorithms }: Document, name: string) => algorithms.find((one) => one.name === name)
const inUse = ({ algorithms }: Document) => algorithms.filter((one) => one.in_use).map(({ name }) => name)

const portal = (line: Line, name: string, alg: string) =>
  line.json('client', 'create', '--name', name, '--redirect-uri', 'https://a.example/', '--id-token-alg', alg)

/** A store with one portal, one person with a password, and a signed audit log. */
async function prepare(alg: string, options: Options = {}): Promise<Line> {
  const line = commandLine({ ...options, directory: directoryOfFile() })
  await portal(line, '深圳市政务服务网', alg)
  const { code, err } = await line.yidengWith(`${password}\n`, 'person', 'create', ...zhangSan, '--password-stdin')
  if (code !== 0) throw new Error(err)
  await line.withServices(async (services) => createCheckpoints(services).make())
  return line
}

let international: Line
let guomi: Line
const documents: Record<'international' | 'guomi' | 'device', Document> = {} as never

beforeAll(async () => {
  const device = await fakeSignatureServer()
  const environment = { YIDENG_SUITE: 'guomi', YIDENG_ISSUER: 'https://id.example' }
  international = await prepare('ES256')
  guomi = await prepare('SGD_SM3_SM2', { environment })
  const svs = { ...environment, YIDENG_SM2_KEYS: 'svs', YIDENG_SVS: device.file }
  documents.international = await report(international)
  documents.guomi = await report(guomi)
  documents.device = await report(await prepare('SGD_SM3_SM2', { environment: svs }))
})

describe('npx yideng mipin report', () => {
  it('has the clauses of 8.1 to 8.4 in the order of the standard, and 8.5 to 8.8', () => {
    const letters = { '8.1': 'abcde', '8.2': 'abcdefg', '8.3': 'abcdefgh', '8.4': 'abcdefghij' }
    const all = Object.entries(letters).flatMap(([layer, ids]) => [...ids].map((id) => `${layer} ${id}`))
    expect(documents.guomi.clauses.map(({ clause }) => clause)).toEqual(all)
    const management = { '8.5': 'abcdef', '8.6': 'abcde', '8.7': 'abcde', '8.8': 'abc' }
    const rest = Object.entries(management).flatMap(([part, ids]) => [...ids].map((id) => `${part} ${id}`))
    expect(documents.guomi.management.map(({ clause }) => clause)).toEqual(rest)
  })

  it('names SM2, SM3 and SM4 as in use or not in use, by the configuration', () => {
    const national = ['SM2', 'SM3', 'SM4']
    expect(inUse(documents.guomi)).toEqual(expect.arrayContaining(national))
    expect(national.map((name) => algorithmOf(documents.international, name)?.in_use)).toEqual([false, false, false])
    expect(inUse(documents.international)).toEqual(expect.arrayContaining(['ES256', 'AES-256-GCM', 'SHA-256']))
    expect(inUse(documents.guomi)).not.toContain('AES-256-GCM')
  })

  it.each([
    ['8.4 b', 'partly', 'product', 'product'],
    ['8.4 e', 'partly', 'product', 'product'],
    ['8.4 f', 'partly', 'product', 'met'],
    ['8.4 d', 'unmet', 'product', 'product'],
    ['8.4 j', 'unmet', 'unmet', 'partly'],
    ['8.1 a', 'elsewhere', 'elsewhere', 'elsewhere'],
  ])('answers %s by the configuration', (id, ofInternational, ofGuomi, ofDevice) => {
    const { international: one, guomi: other, device } = documents
    expect([one, other, device].map((document) => clauseOf(document, id).state)).toEqual([
      ofInternational,
      ofGuomi,
      ofDevice,
    ])
  })

  it('says where each key is, and who holds it', () => {
    const [software] = clauseOf(documents.guomi, '8.4 f').uses
    expect(software).toMatchObject({ held: 'software', keys: [expect.stringMatching(/^sgd-sm3-sm2-/)] })
    expect(software?.place).toMatch(/signing-sm2\.json$/)
    const [device] = clauseOf(documents.device, '8.4 f').uses
    expect(device).toMatchObject({ held: 'device', place: 'the signature server of YIDENG_SVS' })
    const [field] = clauseOf(documents.guomi, '8.4 e').uses
    expect(field).toMatchObject({ keys: ['d1'], algorithms: ['SM4', 'SM3'] })
  })

  it('calls no clause met whose keys no device holds, or whose algorithms have no Chinese standard', () => {
    const standards = new Map(
      Object.values(documents).flatMap(({ algorithms }) =>
        algorithms.map(({ name, standard }) => [name, standard] as const),
      ),
    )
    const met = Object.values(documents).flatMap(({ clauses }) => clauses.filter(({ state }) => state === 'met'))
    expect(met.length).toBeGreaterThan(0)
    for (const { clause, uses, gaps } of met) {
      expect(gaps, clause).toEqual([])
      for (const { held, algorithms } of uses) {
        expect(['device', 'person'], clause).toContain(held)
        expect(
          algorithms.map((name) => standards.get(name)),
          clause,
        ).not.toContain(null)
      }
    }
  })

  it('has the newest signature over the audit log, with its key', () => {
    for (const document of Object.values(documents)) {
      const signed = clauseOf(document, '8.4 g').uses.find(({ what }) => what === 'checkpoints sign the audit log')
      expect(signed?.keys).toEqual([expect.stringMatching(/^(?:es256|sgd-sm3-sm2)-/)])
      expect(clauseOf(document, '8.4 g').gaps).not.toContain('no checkpoint is signed yet: a server signs one a minute')
    }
  })

  it('calls SM2 in software a high risk, and a device none', () => {
    expect(riskOf(documents.guomi, 'G5')).toMatchObject({ state: 'high', condition: expect.stringContaining('自实现') })
    expect(riskOf(documents.device, 'G5')?.state).toBe('judge')
    expect(riskOf(documents.guomi, 'L5')?.state).toBe('judge')
    expect(riskOf(documents.international, 'L5')?.state).toBe('high')
  })

  it('counts portals by the algorithm of their tokens', async () => {
    await portal(guomi, '广州市政务服务网', 'RS256')
    const mixed = clauseOf(await report(guomi), '8.4 f')
    expect(mixed.state).toBe('partly')
    expect(mixed.gaps).toEqual(['portals whose tokens have no SM2: 1'])
    expect(mixed.uses.map(({ what, algorithms }) => [what, ...algorithms])).toEqual([
      ['portals whose tokens are signed: 1', 'RS256'],
      ['portals whose tokens are signed: 1', 'SM2', 'SM3'],
    ])
  })

  it('names the values that a change of YIDENG_SUITE has not reached', async () => {
    const environment = { ...international.environment, YIDENG_SUITE: 'guomi' }
    const changed = commandLine({ environment })
    const before = clauseOf(await report(changed), '8.4 e')
    expect(before.state).toBe('partly')
    expect(before.uses[0]?.algorithms).toEqual(['AES-256-GCM'])
    await changed.json('keys', 'reseal')
    const after = await report(changed)
    expect(clauseOf(after, '8.4 e')).toMatchObject({ state: 'product', gaps: [] })
    // entries of the audit log never change
    expect(clauseOf(after, '8.4 g').gaps).toContain(
      'older entries of the audit log have another hash, and stay as they are',
    )
  })
})

describe.each(['SQLite', 'PostgreSQL'])('people on %s', (kind) => {
  it.skipIf(kind === 'PostgreSQL' && cannotRun('PostgreSQL'))(
    'are a high risk with a password or another system alone, and none with a passkey',
    async () => {
      const line = commandLine({
        environment: kind === 'PostgreSQL' ? { YIDENG_DATABASE_URL: await makePostgres() } : {},
      })
      expect(riskOf(await report(line), 'L4')?.state).toBe('absent')
      const created = await line.yidengWith(
        `${password}\n`,
        'person',
        'create',
        ...zhangSan,
        '--password-stdin',
        '--json',
      )
      const { id: personId } = JSON.parse(created.out) as { id: string }
      await line.withServices(async (services) => {
        await services.administrators.grant({ personId, role: 'viewer', region: '440000' }, 'administrator:test')
        const { id } = await openPerson(services)
        await services.authenticators.removeAll(id, 'password')
        const link = { upstream: 'city', subject_index: 'a', person_id: id, level: 2, linked_at: 0, opened: 1 }
        await services.database
          .insertInto('upstream_links')
          .values({ ...link, way: 'sign-in' })
          .execute()
      })
      const alone = await report(line)
      const finding = 'people with a password or another system alone: 2, administrators among them: 1'
      expect(riskOf(alone, 'L4')).toMatchObject({ state: 'high', finding })
      expect(clauseOf(alone, '8.4 a').gaps).toContain(
        'people without such a way to sign in: 2, administrators among them: 1',
      )
      await line.withServices(async ({ database, authenticators }) => {
        await authenticators.add({ personId, kind: 'passkey', lookupKey: 'a', data: '{}' })
        await database.deleteFrom('upstream_links').execute()
      })
      const both = await report(line)
      expect(riskOf(both, 'L4')?.state).toBe('absent')
      expect(clauseOf(both, '8.4 a')).toMatchObject({ gaps: [expect.stringContaining('YIDENG_TWO_FACTORS')] })
      const required = { ...line.environment, YIDENG_TWO_FACTORS: 'administrators,representatives' }
      const strict = clauseOf(await report(commandLine({ environment: required })), '8.4 a')
      expect(strict).toMatchObject({ gaps: [], state: 'partly' })
      expect(clauseOf(both, '8.4 a').uses.map(({ what }) => what)).toContain('passkey: a digital signature; people: 1')
    },
  )
})

describe('the lines of the report', () => {
  it.each([
    ['gmt0021-sm3', ['SM3'], 'absent'],
    ['rfc6238-sha256', ['SHA-256'], 'absent'],
    ['rfc6238-sha1', ['SHA-1'], 'judge'],
  ])('tell a token of %s from the others', async (suite, algorithms, risk) => {
    const line = commandLine()
    await line.withServices(async (services) => {
      const { id: personId } = await openPerson(services)
      await services.authenticators.add({ personId, kind: 'otp', data: JSON.stringify({ suite, digits: 6 }) })
    })
    const document = await report(line)
    const ofTokens = clauseOf(document, '8.4 a').uses.filter(({ what }) => what.startsWith('otp'))
    expect(ofTokens).toMatchObject([{ what: 'otp: a dynamic code; people: 1', algorithms }])
    expect(riskOf(document, 'G1')?.state).toBe(risk)
    expect(riskOf(document, 'L4')?.state).toBe('absent')
  })

  it('name each table of access control, as sealed or as lacking', () => {
    const { uses, gaps } = clauseOf(documents.guomi, '8.4 b')
    for (const table of ['clients', 'administrators', 'mandates']) {
      const marks = columnMarks[table as keyof typeof columnMarks]
      const where = 'mac' in marks ? uses.map(({ what }) => what) : gaps
      expect(where.join(), table).toMatch(new RegExp(`\\b${table}\\b`))
    }
  })

  it('come from login methods, whose files exist', () => {
    for (const { name, proofs } of loginMethods)
      for (const { code } of proofs) expect(existsSync(new URL(code, root)), `${name}: ${code}`).toBe(true)
  })
})

describe('what the report names', () => {
  const all = () => Object.values(documents)

  it('are files that exist', () => {
    const files = new Set(
      all().flatMap(({ clauses }) => clauses.flatMap(({ uses }) => uses.flatMap(({ code }) => code))),
    )
    const inTexts = JSON.stringify(all()).match(/\b(?:docs|src)\/[\w./-]+\w/g) ?? []
    expect(files.size).toBeGreaterThan(5)
    const missing = [...files, ...inTexts].filter((file) => !existsSync(fileURLToPath(new URL(file, root))))
    expect(missing).toEqual([])
  })

  it('are commands that run', async () => {
    const evidence = new Set(
      all().flatMap(({ clauses, management, high_risks: risks }) =>
        [...clauses.flatMap(({ uses }) => uses), ...management, ...risks].flatMap((one) => one.evidence ?? []),
      ),
    )
    expect(evidence.size).toBeGreaterThan(5)
    for (const command of evidence) {
      const [npx, yideng, ...words] = command.split(' ')
      expect([npx, yideng]).toEqual(['npx', 'yideng'])
      const { code, err } = await guomi.yideng(...words)
      expect(code, `${command}: ${err}`).toBe(0)
    }
  })
})

it('is Chinese on a Chinese terminal, without prose left in English', async () => {
  const { out, code } = await commandLine({ environment: { ...guomi.environment, LC_ALL: 'zh_CN.UTF-8' } }).yideng(
    'mipin',
    'report',
  )
  expect(code).toBe(0)
  const lines = out.split('\n').filter((text) => !/npx yideng|https?:|\.(?:ts|json)/.test(text))
  expect(lines.filter((text) => /\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b/.test(text))).toEqual([])
  expect(out).toContain('8.4 应用和数据安全')
  // names of tables are data
  expect(out).toMatch(/\badministrators\b.* 表的各行/)
})
