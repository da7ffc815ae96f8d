import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { expect, it } from 'vitest'
import type { Entry } from '../../../src/audit/chain.ts'
import { createVerifier } from '../../../src/keys/document-signatures.ts'
import { auditedStore } from '../../audit/setup.ts'

type Listed = { sequence: number; event: string; person_id: string | null; restricted?: unknown }

/** The id of a person. */
const one = '3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11'

const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n')

it('lists the matching entries, newest first, page by page', async () => {
  const services = auditedStore(Date.UTC(2026, 10, 1))
  await services.record(2, { personId: one })
  services.forward(86_400_000)
  await services.record(1, { event: 'login.refused', personId: 'p2', clientId: 'c1' })
  await services.record(1, { event: 'portal.entered', personId: one, clientId: 'c1' })
  const list = async (...flags: string[]) =>
    (await services.json<Listed[]>('audit', 'list', ...flags)).map(({ sequence }) => sequence)
  expect(await list()).toEqual([4, 3, 2, 1])
  expect(await list('--person', one)).toEqual([4, 2, 1])
  expect(await list('--portal', 'c1')).toEqual([4, 3])
  expect(await list('--event', 'login')).toEqual([3, 2, 1])
  expect(await list('--event', 'login.refused')).toEqual([3])
  expect(await list('--since', '2026-11-02')).toEqual([4, 3])
  expect(await list('--until', '2026-11-02T00:00:00Z')).toEqual([2, 1])
  expect(await list('--limit', '2', '--before', '4')).toEqual([3, 2])
  expect((await services.yideng('audit', 'list', '--limit', '1')).out).toContain('More: the same with --before 4')
  for (const [flag, value] of [
    ['--event', 'login_%'],
    ['--since', 'yesterday'],
    ['--limit', '0'],
  ] as const) {
    expect(await services.yideng('audit', 'list', flag, value)).toMatchObject({ code: 2, out: '' })
  }
})

it('shows personal data only with --restricted, and audits it', async () => {
  const services = auditedStore()
  await services.record(1, { personId: one })
  expect((await services.yideng('audit', 'list', '--json')).out).not.toContain('203.0.113')
  const [entry] = await services.json<Listed[]>('audit', 'list', '--restricted', '--person', one)
  expect(entry?.restricted).toEqual({ address: '203.0.113.0' })
  const [said] = await services.json<(Listed & { actor: string; details: object })[]>('audit', 'list')
  expect(said).toMatchObject({ event: 'audit.revealed', actor: 'administrator:test', details: { person: one } })
})

it('exports JSON Lines with valid hashes, and signed security event tokens', async () => {
  const services = auditedStore()
  await services.record(3, { clientId: 'c1' })
  const [lines, tokens, opened] = ['lines', 'tokens', 'opened'].map((name) => join(services.directory, name)) as [
    string,
    string,
    string,
  ]
  expect(await services.json('audit', 'export', '--to', lines, '--event', 'login')).toEqual({ file: lines, entries: 3 })
  expect(statSync(lines).mode & 0o777).toBe(0o600)
  const entries = linesOf(lines).map((line) => JSON.parse(line) as Entry)
  expect(entries.map(({ hash, previous_hash }) => [previous_hash, hash])[2]?.[0]).toBe(entries[1]?.hash)
  expect(linesOf(lines).join()).not.toContain('203.0.113')

  await services.json(
    'audit',
    'export',
    '--to',
    tokens,
    '--format',
    'set',
    '--event',
    'login',
    '--audience',
    'https://siem.example',
  )
  const [token = ''] = linesOf(tokens)
  expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'secevent+jwt', alg: 'ES256' })
  expect(decodeJwt(token)).toMatchObject({
    iss: 'http://localhost:1',
    aud: 'https://siem.example',
    jti: entries[0]?.hash,
    sub_id: { format: 'opaque', id: 'p1' },
    events: { 'urn:yideng:event:login.succeeded': { sequence: 1, actor: 'person', client_id: 'c1' } },
  })
  const { clock } = { clock: () => Date.now() }
  expect(await createVerifier({ keysDir: services.keysDir, svsFile: '' }, clock)('secevent+jwt', token)).toBeDefined()
  expect(
    await createVerifier({ keysDir: services.keysDir, svsFile: '' }, clock)('yideng-audit-checkpoint+jwt', token),
  ).toBeUndefined()

  await services.json('audit', 'export', '--to', opened, '--restricted', '--event', 'login')
  expect(linesOf(opened).join()).toContain('203.0.113.2')
  const exports = await services.json<Listed[]>('audit', 'list', '--event', 'audit.exported')
  expect(exports).toHaveLength(3)
  expect(await services.yideng('audit', 'export', '--to', lines)).toMatchObject({ code: 2, out: '' })
})

it('archives whole signed months: the log continues after them, and each file can be verified alone', async () => {
  const day = 86_400_000
  const services = auditedStore(Date.UTC(2026, 0, 31))
  await services.record(3)
  await services.checkpoint()
  services.forward(day)
  await services.record(3)
  await services.checkpoint()
  services.forward(40 * day)
  await services.record(2)

  const { directory: archive, moved } = await services.archive('2026-03')
  expect(moved.map(({ month, entries }) => [month, entries])).toEqual([
    ['2026-01', 3],
    ['2026-02', 3],
  ])
  expect(await services.json('audit', 'archive', '--to', archive, '--before', '2026-03')).toEqual([])
  const left = await services.json<Listed[]>('audit', 'list')
  expect(left.map(({ event }) => event)).toEqual([
    'audit.archived',
    'audit.archived',
    'login.succeeded',
    'login.succeeded',
  ])
  expect(await services.json('audit', 'verify')).toMatchObject({ whole: true, entries: 4 })
  await services.checkpoint()
  expect(await services.json('audit', 'verify')).toMatchObject({ whole: true, entries: 4, unsigned: 0 })

  const file = moved[1]?.file ?? ''
  expect(await services.json('audit', 'verify', '--archive', file)).toMatchObject({
    whole: true,
    entries: 3,
    checkpoints: 1,
  })
  const text = gunzipSync(readFileSync(file)).toString()
  const cut = `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`
  const [head = '', first = '', ...lines] = text.trimEnd().split('\n')
  const entry = (index: number) =>
    (JSON.parse(lines[index] ?? '') as { entry: { sequence: number; hash: string } }).entry
  const after = ({ sequence, hash }: { sequence: number; hash: string }) =>
    JSON.stringify({ after: { sequence, hash }, month: '2026-02' })
  const forged: [string, string][] = [
    // without its first entry, and without one in the middle
    ['missing', [after(entry(0)), first, ...lines.slice(1)].join('\n')],
    ['missing', [head, first, lines[0], after(entry(1)), ...lines.slice(2)].join('\n')],
    // the fault is near the beginning of the file
    [
      'missing',
      [head, first, lines[0], after(entry(1)), ...Array(2000).fill(randomBytes(300).toString('hex'))].join('\n'),
    ],
    ['changed', text.replace('203.0.113', '198.51.100').replace('"actor":"person"', '"actor":"nobody"')],
    ['truncated', cut],
  ]
  for (const [kind, forgery] of forged) {
    const other = join(services.directory, kind)
    writeFileSync(other, gzipSync(forgery))
    const { code, out, err } = await services.yideng('audit', 'verify', '--archive', other, '--json')
    expect(out, err).not.toBe('')
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, kind })
  }
  // each file is whole, but was not archived from this store
  const store = ['--store', join(services.dataDir, 'yideng.sqlite')]
  expect(await services.json('audit', 'verify', '--archive', file, ...store)).toMatchObject({ whole: true })
  const again = join(services.directory, 'packed-again')
  writeFileSync(again, gzipSync(text, { level: 1 }))
  expect(await services.json('audit', 'verify', '--archive', again)).toMatchObject({ whole: true })
  const foreign = await services.yideng('audit', 'verify', '--archive', again, ...store, '--json')
  expect({ code: foreign.code, ...(JSON.parse(foreign.out) as object) }).toMatchObject({ code: 1, kind: 'rewritten' })
  writeFileSync(join(services.directory, 'none'), 'not even zipped')
  for (const none of [archive, join(services.directory, 'none'), '/nowhere']) {
    expect(await services.yideng('audit', 'verify', '--archive', none)).toMatchObject({ code: 2, out: '' })
  }
  expect((await services.yideng('audit', 'archive', '--to', archive, '--before', '2027-01')).code).toBe(2)
})
