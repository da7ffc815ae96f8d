import { expect, it } from 'vitest'
import { widthOf } from '../../src/cli/width.ts'
import { commandLine, zhangSan } from './in-process.ts'

const long = {
  name: '广东省深圳市南山区政务服务数据管理局统一政务服务门户网站（关怀版）',
  organisation: '深圳市南山区政务服务数据管理局及其下属街道办事处便民服务中心',
  uri: 'https://a-rather-long-host-name-of-a-portal.szns.example.gov.cn/callback',
}
/** A command line with a portal, a person, an organisation and an administrator. */
async function filled() {
  const line = commandLine()
  const { json, yidengWith } = line
  const portal = ['client', 'create', '--name', long.name, '--organisation', long.organisation, '--region', '440305']
  const made = await json<{ client_id: string }>(...portal, '--redirect-uri', long.uri, '--uri', long.uri)
  const password = ['--level', '3', '--password-stdin', '--json']
  const person = await yidengWith('Nanshan-7-lychee\n', 'person', 'create', ...zhangSan, ...password)
  const { id } = JSON.parse(person.out) as { id: string }
  const names = ['--name', '深圳市南山区高新技术产业园区政务服务咨询有限责任公司', '--uscc', '91440300708461136T']
  const organisation = await json<{ id: string }>('org', 'create', ...names, '--representative', id)
  await json('admin', 'grant', id, '--role', 'admin', '--region', '440000')
  await json('person', 'lock', id)
  return { ...line, ids: { portal: made.client_id, person: id, organisation: organisation.id } }
}

type Ids = Awaited<ReturnType<typeof filled>>['ids']

const commands = ({ portal, person, organisation }: Ids) => [
  ['client', 'list'],
  ['client', 'show', portal],
  ['client', 'rotate-secret', portal],
  ['person', 'list'],
  ['person', 'show', person],
  ['person', 'reset-password', person, '--counter'],
  ['org', 'list'],
  ['org', 'show', organisation],
  ['org', 'mandates', organisation],
  ['admin', 'list'],
  ['approval', 'list'],
  ['audit', 'list'],
  ['audit', 'list', '--restricted'],
  ['audit', 'verify'],
  ['keys', 'list'],
  ['doctor'],
]

/** The lines that are wider than the terminal. An address or a key without spaces stays whole, so that it can be copied. */
const tooWide = (text: string) =>
  text.split('\n').filter((line) => widthOf(line) > 80 && (/\S\s+\S/.test(line) || /\p{Script=Han}/u.test(line)))

it.each([
  ['English', 'C'],
  ['Chinese', 'zh_CN.UTF-8'],
])('the answers in %s fit 80 columns', async (_language, locale) => {
  const { environment, yideng, ids } = await filled()
  Object.assign(environment, { COLUMNS: '80', LC_ALL: locale })
  for (const argv of commands(ids)) {
    const name = argv.slice(0, 2).join(' ')
    const { code, out, err } = await yideng(...argv)
    expect(code, name + err).toBeLessThanOrEqual(1)
    expect((out + err).length, name).toBeGreaterThan(5)
    expect.soft(tooWide(out + err), name).toEqual([])
    if (locale === 'C') continue
    expect.soft(out + err, name).toMatch(/\p{Script=Han}{2}/u)
    // beside names of protocols, ids and addresses
    expect
      .soft(out.replaceAll(/npx yideng.*/g, '').match(/.*\b[a-z]{3,} [a-z]{2,} [a-z]{3,}\b.*/g) ?? [], name)
      .toEqual([])
  }
})

it('is the same in all languages with --json', async () => {
  const { environment, yideng } = await filled()
  const answers = []
  for (const locale of ['C', 'zh_CN.UTF-8']) {
    Object.assign(environment, { LC_ALL: locale })
    answers.push([await yideng('client', 'list', '--json'), await yideng('client', 'show', 'x', '--json')])
  }
  expect(answers[1]).toEqual(answers[0])
})

it('shows times in UTC with --utc, and in the zone of the machine without', async () => {
  const { yideng, ids } = await filled()
  const utc = await yideng('person', 'show', ids.person, '--utc')
  expect(utc.out).toMatch(/created_at +\d{4}-\d\d-\d\dT[\d:.]+Z\n/)
  const local = await yideng('person', 'show', ids.person)
  expect(local.out).toMatch(/created_at +\d{4}-\d\d-\d\d [\d:]{8} [+-]\d\d:\d\d\n/)
})
