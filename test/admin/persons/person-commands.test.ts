import { describe, expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'
import { registered } from '../../setup/rival.ts'
import { residentId } from '../../setup/people.ts'

const password = 'Nanshan-7-lychee'
const person = (changes: Record<string, string> = {}) =>
  Object.entries({
    name: '张三',
    'id-number': '11010519491231002X',
    phone: '13800138000',
    username: 'zhangsan',
    ...changes,
  }).flatMap(([flag, value]) => [`--${flag}`, value])
const create = (changes: Record<string, string> = {}) => [
  'person',
  'create',
  ...person(changes),
  '--password-stdin',
  '--json',
]

type Line = ReturnType<typeof commandLine>
async function open({ yidengWith }: Line, changes?: Record<string, string>) {
  const { code, out, err } = await yidengWith(`${password}\n`, ...create(changes))
  if (code !== 0) throw new Error(err)
  return JSON.parse(out) as { id: string; level: number }
}

it('opens an account at level 2 for an unknown person, and at 3 where an administrator vouches', async () => {
  const line = commandLine()
  expect(await open(line)).toMatchObject({ level: 2 })
  expect(await open(line, { username: 'lisi', level: '2' })).toMatchObject({ level: 2 })
  expect(await open(line, { username: 'wangwu', level: '3' })).toMatchObject({ level: 3 })
  const second = await line.yidengWith(password, ...create({ username: 'zhaoliu', level: '3' }))
  expect(second).toMatchObject({
    code: 2,
    err: expect.stringContaining('--id-number belongs to another account'),
  })
  const events = await line.withServices(({ database }) =>
    database.selectFrom('audit_events').select(['event', 'actor']).execute(),
  )
  expect(events).toHaveLength(3)
  expect(events[0]).toEqual({ event: 'person.created', actor: 'administrator:test' })
})

it('stores a password hash that verifies, and no plain text', async () => {
  const line = commandLine()
  const { id } = await open(line)
  const kept = await line.withServices(({ authenticators }) => authenticators.find(id, 'password'))
  expect(kept?.data).toContain('$argon2id$')
  expect(kept?.data).not.toContain(password)
})

describe('an account is refused', () => {
  it.each<[string, Record<string, string>, string, string]>([
    [
      'with a wrong check digit',
      { 'id-number': '110105194912310021' },
      password,
      '--id-number has a wrong check digit',
    ],
    ['with a date that does not exist', { 'id-number': '110105194902310027' }, password, '--id-number '],
    ['with a number that is too short', { 'id-number': '1101051949' }, password, '--id-number has the wrong length'],
    ['with an empty name', { name: ' ' }, password, '--name must be given'],
    ['with a telephone that is no mobile', { phone: '0755-12345678' }, password, '--phone must be a mobile number'],
    ['with a username that begins with a digit', { username: '1zhang' }, password, '--username must be 4 to 32'],
    [
      'with a kind of document nobody knows',
      { 'document-type': 'library_card' },
      password,
      '--document-type "library_card" must be one of',
    ],
    ['with level 4, which needs a face', { level: '4' }, password, '--level "4" must be one of: 2, 3'],
    ['with a short password', {}, 'k7&x', '--password-stdin is too short'],
    ['with no password', {}, '', '--password-stdin is too short'],
  ])('%s', async (_what, changes, typed, message) => {
    const { code, out, err } = await commandLine().yidengWith(
      typed,
      'person',
      'create',
      ...person(changes),
      '--password-stdin',
    )
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
    if (typed) expect(err).not.toContain(typed)
  })

  it('with every problem at once', async () => {
    const { err } = await commandLine().yidengWith('k7&x', ...create({ phone: '1', username: '1' }))
    const { error } = JSON.parse(err) as { error: { problems: { field: string }[] } }
    expect(error.problems.map(({ field }) => field)).toEqual(['--phone', '--username', '--password-stdin'])
  })

  it('when the username is taken', async () => {
    const line = commandLine()
    await open(line)
    const again = await line.yidengWith(password, ...create())
    expect(again).toMatchObject({
      code: 2,
      err: expect.stringContaining('--username belongs to another account'),
    })
  })

  it('when there is neither a terminal nor --password-stdin', async () => {
    const answer = await commandLine().yideng('person', 'create', ...person())
    expect(answer).toMatchObject({ code: 2, err: expect.stringContaining('--password-stdin is missing') })
  })
})

it('shows and lists people with their data masked', async () => {
  const line = commandLine()
  const { id } = await open(line)
  const shown = await line.json('person', 'show', id)
  expect(shown).toMatchObject({
    id,
    level: 2,
    status: 'active',
    name: '张*',
    document_type: 'resident_id',
    proofed_at: null,
  })
  for (const argv of [['show', id], ['show', id, '--json'], ['list'], ['list', '--json']]) {
    const { code, out } = await line.yideng('person', ...argv)
    expect(code).toBe(0)
    expect(out).not.toMatch(/张三|11010519491231002X|13800138000|zhangsan/)
  }
})

it('lists page by page', async () => {
  const line = commandLine()
  for (const username of ['person1', 'person2', 'person3']) await open(line, { username })
  const all = await line.json<{ id: string }[]>('person', 'list')
  const first = await line.json<{ id: string }[]>('person', 'list', '--limit', '2')
  expect(first).toEqual(all.slice(0, 2))
  const last = String(first[1]?.id)
  expect(await line.json('person', 'list', '--limit', '2', '--after', last)).toEqual(all.slice(2))
  const { out } = await line.yideng('person', 'list', '--limit', '2')
  expect(out).toContain(`More: npx yideng person list --limit 2 --after ${last}\n`)
})

it('locks and unlocks', async () => {
  const line = commandLine()
  const { id } = await open(line)
  expect(await line.json('person', 'lock', id)).toEqual({ id, status: 'locked' })
  expect(await line.json('person', 'show', id)).toMatchObject({ status: 'locked' })
  expect(await line.json('person', 'unlock', id)).toEqual({ id, status: 'active' })
})

it('makes a link for a new password, which ends the older link, and records the check at the counter', async () => {
  const line = commandLine({ environment: { YIDENG_ISSUER: 'https://login.example.gov.cn' } })
  const { id } = await open(line)
  const began = Date.now()
  const first = await line.json<{ url: string; expires_at: string; counter: boolean }>('person', 'reset-password', id)
  const [, token = ''] = /^https:\/\/login\.example\.gov\.cn\/recover\/([\w-]{43})$/.exec(first.url) ?? []
  expect(first).toEqual({ id, url: expect.any(String), expires_at: expect.any(String), counter: false })
  expect(Date.parse(first.expires_at) - began).toBeGreaterThanOrEqual(86_400_000)
  const { out } = await line.yideng('person', 'reset-password', id, '--counter')
  expect(out).toMatch(/https:\/\/login\.example\.gov\.cn\/recover\/[\w-]{43}/)
  const { found, events, kept } = await line.withServices(async ({ recovery, database }) => ({
    found: await recovery.checkLink(token),
    events: await database
      .selectFrom('audit_events')
      .select(['actor', 'details'])
      .where('event', '=', 'recovery.link-made')
      .execute(),
    kept: JSON.stringify(await database.selectFrom('authenticators').selectAll().execute()),
  }))
  expect(found).toBeUndefined()
  expect(kept).not.toContain(token)
  expect(events).toEqual([
    { actor: 'administrator:test', details: '{"counter":false}' },
    { actor: 'administrator:test', details: '{"counter":true}' },
  ])
})

it('records acts at the counter: a proof with the document, the consent of a guardian, its withdrawal', async () => {
  const line = commandLine({ clock: () => Date.UTC(2026, 10, 24) })
  const { id } = await open(line)
  const rival = await open(line, { username: 'lisi', level: '3' })
  // the counter asks the register too
  expect(await line.yideng('person', 'prove', id)).toMatchObject({ code: 1, err: expect.stringContaining('register') })
  await line.withServices((services) => registered(services, { id }))
  const seen = ['person', 'prove', id, '--both-present'] as const
  expect(await line.json(...seen)).toEqual({ id, level: 4, bound: 0, superseded: [rival.id] })
  expect(await line.json('person', 'show', id)).toMatchObject({ level: 4 })
  expect(await line.json('person', 'show', rival.id)).toMatchObject({ level: 2 })
  // the loser of the number is signed out everywhere, both are notified, and the actor is recorded
  const { ended, told, by } = await line.withServices(async ({ inbox, audit, persons }) => ({
    ended: (await persons.find(rival.id))?.endings.before,
    told: await Promise.all([rival.id, id].map(async (one) => (await inbox.list(one, 9)).map(({ kind }) => kind))),
    by: (await audit.ofPerson(rival.id, { events: ['person.superseded'], limit: 9 })).map(({ actor }) => actor),
  }))
  expect(ended).toBe(Date.UTC(2026, 10, 24, 0, 0, 1)) // including sign-ins in that second
  expect(told[0]).toContain('number-lost')
  expect(told[1]).toEqual(expect.arrayContaining(['number-won', 'face-verified']))
  expect(by).toEqual(['administrator:test'])

  const child = await open(line, { username: 'xiaoming', 'id-number': residentId('44030020160101001'), level: '3' })
  const agree = (guardian: string) => line.yideng('person', 'agree-face', child.id, '--guardian', guardian)
  expect(await agree(rival.id)).toMatchObject({ code: 2, err: expect.stringContaining('adult') })
  expect(await agree('nobody')).toMatchObject({ code: 3 })
  expect(await agree(id)).toMatchObject({ code: 0 })
  expect(await line.yideng('person', 'agree-face', id, '--guardian', id)).toMatchObject({ code: 2 })
  expect(await line.json('person', 'withdraw-face', child.id)).toEqual({ id: child.id, erased: true })
  expect(await line.json('person', 'withdraw-face', child.id)).toEqual({ id: child.id, erased: false })
  expect((await line.yideng('person', 'prove', 'nobody')).code).toBe(3)
})
it.each(['show', 'lock', 'unlock', 'reset-password'])('exits with 3 when %s names an unknown person', async (verb) => {
  const answer = await commandLine().yideng('person', verb, 'nobody')
  expect(answer).toEqual({ code: 3, out: '', err: 'There is no such person.\n' })
})
