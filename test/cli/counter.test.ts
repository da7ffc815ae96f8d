import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createCommandContext } from '../../src/admin/command-context.ts'
import { findCommand } from '../../src/admin/commands.ts'
import { nameOf } from '../../src/admin/command.ts'
import { counterTalk } from '../../src/admin/persons/counter-acts.ts'
import type { Terminal } from '../../src/cli/ask-secret.ts'
import { run } from '../../src/cli/run.ts'
import { openPerson } from '../setup/person.ts'
import { commandLine } from './in-process.ts'

type Line = ReturnType<typeof commandLine>

/** A clerk at a terminal in Chinese who types these answers, one for each question. */
async function atCounter({ environment }: Line, ...answers: string[]) {
  const context = createCommandContext({ environment, makesStore: true, clock: Date.now, actor: 'administrator:clerk' })
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
  let asked = ''
  const write = (text: string) => {
    asked += text
    if (!/[:\]] $/.test(text)) return true
    const answer = answers.shift()
    setImmediate(() => (answer === undefined ? input.end() : input.write(`${answer}\n`)))
    return true
  }
  let out = ''
  let err = ''
  const code = await run({
    argv: ['person', 'find'],
    context,
    environment: { COLUMNS: '80', LC_ALL: 'zh_CN.UTF-8' },
    terminal: { input, prompt: { write } } as unknown as Terminal,
    output: { isTTY: true },
    out: (text) => (out += text),
    err: (text) => (err += text),
  })
  await context.close()
  return { code, asked, out, err }
}

const open = (line: Line, overrides?: Parameters<typeof openPerson>[1]) =>
  line.withServices((services) => openPerson(services, overrides))

const events = (line: Line) =>
  line.withServices(({ database }) =>
    database
      .selectFrom('audit_events')
      .select(['event', 'person_id', 'actor'])
      .where('actor', '=', 'administrator:clerk')
      .orderBy('sequence')
      .execute(),
  )

/** The number of an act in the menu that was asked last. */
const choiceOf = (asked: string, title: string) => {
  const lines = [...asked.matchAll(/^ {2}(\d+) {2}(.+)$/gm)].filter(([, , text]) => text === title)
  return lines.at(-1)?.[1] ?? ''
}

it('asks who it is, shows masked facts and the acts that fit, and gives a link with its QR code', async () => {
  const line = commandLine()
  const person = await open(line)
  const looked = await atCounter(line, person.number)
  expect(looked.asked).toContain('谁在您面前？')
  expect(looked.out).toMatch(/证件号码 +4\*{16}./)
  expect(looked.asked).toContain('锁定账户')
  expect(looked.asked).not.toMatch(/解锁账户|作废恢复码/)
  expect(`${looked.asked}${looked.out}${looked.err}`).not.toMatch(
    new RegExp(`${person.number}|${person.phone}|${person.username}|陈大文`),
  )
  const link = choiceOf(looked.asked, '开一个设新密码的链接')
  const { code, asked, out } = await atCounter(line, person.phone, link, '是', '忘记密码')
  expect(code).toBe(0)
  expect(asked).toContain('看过证件原件')
  expect(out).toMatch(/█▀▀▀▀▀█[^]*\/recover\/[\w-]{43}/)
  expect(await events(line)).toEqual([
    { event: 'administrator.looked-up', person_id: person.id, actor: 'administrator:clerk' },
    { event: 'administrator.looked-up', person_id: person.id, actor: 'administrator:clerk' },
    { event: 'recovery.link-made', person_id: person.id, actor: 'administrator:clerk' },
  ])
})

it('does nothing without the check of the document, or without a reason', async () => {
  const line = commandLine()
  const person = await open(line)
  const { asked } = await atCounter(line, person.number)
  const phone = choiceOf(asked, '换手机号')
  const refused = await atCounter(line, person.number, phone, '没有')
  const silent = await atCounter(line, person.number, phone, '是', '13911112222', '')
  for (const one of [refused, silent]) expect(one.asked).toContain('什么也没有做。')
  expect(await line.json('person', 'show', person.id)).toMatchObject({ phone: expect.not.stringContaining('2222') })
  const done = await atCounter(line, person.number, phone, '是', '13911112222', '换号')
  expect(done.code).toBe(0)
  expect(done.out).toContain('139****2222')
  expect((await events(line)).filter(({ event }) => event === 'person.corrected')).toHaveLength(1)
})

it('lets the clerk choose where several accounts fit, and asks again where none does', async () => {
  const line = commandLine()
  const people = [await open(line, { name: '司马云' }), await open(line, { name: '司马云' })]
  const list = await line.json<{ id: string }[]>('person', 'find', '--name', '司马云')
  expect(list.map(({ id }) => id).toSorted()).toEqual(people.map(({ id }) => id).toSorted())
  const { asked, out, err } = await atCounter(line, '欧阳无', '司马云', '2')
  expect(err).toContain('没有这个人。')
  expect(asked.match(/谁在您面前/g)?.length).toBeGreaterThanOrEqual(2)
  expect(out.slice(out.lastIndexOf('通行密钥') - 900)).toContain(list[1]?.id)
})

describe.each(counterTalk.acts.map((act) => [act.title, act] as const))('the act “%s”', (_title, act) => {
  it('is a command about one person that has its fields, and keeps the reason', async () => {
    const command = await findCommand(act.command)
    expect(command?.resolve, nameOf(act.command)).toBeDefined()
    for (const field of [...Object.keys(act.asks), 'reason']) expect(command?.fields, field).toHaveProperty(field)
    for (const flag of act.flags ?? []) expect(command?.fields).toHaveProperty(flag.replace(/^--/, ''))
  })
})
