import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { giveToken, typeCode, wrongCode, type HeldToken } from '../../../setup/otp.ts'
import { openPerson, typePassword } from '../../../setup/person.ts'
import { eventsOf } from '../../../setup/room.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { Visitor } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
})

/** A browser after the right password. */
async function afterPassword(person: { username: string }, visitor = new Visitor(server.issuer)) {
  const page = await typePassword(visitor, await visitor.get('/account'), person.username)
  return (code: string) => typeCode(visitor, page, code)
}

const guess = async (person: { username: string }, code: string, visitor?: Visitor) =>
  (await afterPassword(person, visitor))(code)

/** Five wrong codes, each from a new browser with the right password. */
async function fiveWrong(person: { username: string }, token: HeldToken) {
  for (let turn = 0; turn < 5; turn += 1) expect((await guess(person, wrongCode(token))).status).toBe(400)
}

it('five wrong codes close the way for every new browser, also for the right code; the owner is told once', async () => {
  const person = await openPerson(services)
  const token = await giveToken(services, person.id)
  await fiveWrong(person, token)
  for (let turn = 0; turn < 2; turn += 1) {
    const late = await guess(person, token.code())
    expect([late.status, late.headers.get('retry-after'), late.url.pathname.endsWith('/otp')]).toEqual([
      429,
      '900',
      true,
    ])
  }
  const told = await services.inbox.list(person.id, 50)
  expect(JSON.stringify(told).match(/otp-paused/g)).toHaveLength(1)
  expect(await eventsOf(services, person.id, 'otp.refused')).toHaveLength(6)
  expect(await eventsOf(services, person.id, 'otp.paused')).toHaveLength(1)
  await server.forward(901_000)
  expect((await guess(person, token.code())).url.pathname).toBe('/account')
})

it('a code that was right while the way was closed is not used up', async () => {
  const person = await openPerson(services)
  const token = await giveToken(services, person.id)
  await fiveWrong(person, token)
  await guess(person, token.code())
  const [row] = await services.authenticators.list(person.id, 'otp')
  expect(JSON.parse(row?.data ?? '{}')).toMatchObject({ used: 0 })
})

it('the owner’s own browser is let in during the wait, and has five tries of its own', async () => {
  const person = await openPerson(services)
  const token = await giveToken(services, person.id)
  const own = new Visitor(server.issuer)
  expect((await guess(person, token.code(), own)).url.pathname).toBe('/account')
  // leaves the session, and keeps the cookie that the browser is known by
  own.cookies = own.cookies.filter(({ name }) => !/session/i.test(name))
  await fiveWrong(person, token)
  const again = await guess(person, token.code(1), own)
  expect(again.url.pathname).toBe('/account')
})

it('codes at once do not pass the limit', async () => {
  const person = await openPerson(services)
  const token = await giveToken(services, person.id)
  const tries = []
  for (let turn = 0; turn < 12; turn += 1) tries.push(await afterPassword(person))
  const answers = await Promise.all(tries.map((tryCode) => tryCode(wrongCode(token))))
  expect(answers.filter(({ status }) => status === 400).length).toBeLessThanOrEqual(5)
  expect((await guess(person, token.code())).status).toBe(429)
})
