import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { hostile } from '../hostile/values.ts'
import { openPerson } from '../setup/person.ts'
import { choose, newPassword, personWithCodes, proveBy } from '../setup/recovery.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_PASSWORD_TRIES: '100' })
  services = await server.services()
})

const wrong = '7777-7777-7777-7777'
/** Median of the faster half: other load on the machine only makes a run slower. */
const typical = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 4)] ?? 0
const here = () => new Visitor(server.issuer)

it('keeps typed values and links out of the log and out of URLs', async () => {
  const person = await personWithCodes(services, { name: '司马不见' })
  const visitor = here()
  const fields = { identifier: person.number, knowledge: person.phone, code: person.code(0) }
  await proveBy(visitor, { ...fields, code: person.code(0).replace(/^./, (sign) => (sign === '7' ? '9' : '7')) })
  const page = await proveBy(visitor, fields)
  const link = await services.recovery.makeLink(person.id, { counter: false }, { actor: 'administrator:clerk' })
  await here().get(`/recover/${link?.token}`)
  await here().get(`/recover/${link?.token.slice(1)}`)
  await choose(visitor, page)
  const metrics = await (await fetch(`${server.issuer}/metrics`)).text()
  for (const secret of [
    person.number,
    person.phone,
    person.username,
    '司马',
    person.code(0),
    newPassword,
    link?.token ?? '?',
  ]) {
    expect(server.output(), secret).not.toContain(secret)
    expect(metrics).not.toContain(secret)
    expect(page.url.href).not.toContain(secret)
  }
})

it('gives hostile input a calm answer, at every field and as a link', async () => {
  const visitor = here()
  const page = await visitor.get('/recover/code')
  const fields = { identifier: 'nobody', knowledge: '13900000000', code: wrong }
  for (const [kind, value] of hostile) {
    const answers = [
      ...(await Promise.all(
        ['identifier', 'knowledge', 'code', 'back'].map((name) =>
          visitor.submit(page, '/recover/code', { ...fields, [name]: value }),
        ),
      )),
      await here().get(`/recover/-${encodeURIComponent(value.toWellFormed())}`),
    ]
    for (const { status, html } of answers) {
      expect(status, kind).toBeGreaterThanOrEqual(400)
      expect(status, kind).toBeLessThan(500)
      if (/[<>"]/.test(value)) expect(html.includes(value), kind).toBe(false)
    }
  }
  expect(server.output()).not.toContain('"level":50')
})

it('does the same work with and without an account: the same counters and the same search for codes', async () => {
  const person = await personWithCodes(services)
  const without = await openPerson(services)
  const { DatabaseSync } = await import('node:sqlite')
  const artifacts = new DatabaseSync(`${server.dataDir}/artifacts.sqlite`, { readOnly: true })
  const counters = () =>
    Number(artifacts.prepare("SELECT count(*) AS n FROM artifacts WHERE kind = 'recovery-tries'").get()?.['n'])
  const counted = []
  for (const identifier of [person.username, 'nobody-to-count']) {
    const before = counters()
    await proveBy(here(), { identifier, knowledge: person.phone, code: wrong })
    counted.push(counters() - before)
  }
  artifacts.close()
  expect(counted).toEqual([3, 3])

  const times: number[][] = [[], [], []]
  for (let round = 0; round < 200; round += 1) {
    for (const [index, id] of [person.id, without.id, undefined].entries()) {
      const began = performance.now()
      await services.recovery.checkCode(id, wrong)
      times[index]?.push(performance.now() - began)
    }
  }
  const [somebody = 0, noCodes = 0, nobody = 0] = times.map(typical)
  for (const time of [noCodes, nobody]) {
    expect(time / somebody, JSON.stringify({ somebody, noCodes, nobody })).toBeGreaterThan(0.4)
    expect(time / somebody, JSON.stringify({ somebody, noCodes, nobody })).toBeLessThan(2.5)
  }
})

it('takes the same time with and without an account, for every wrong value', async () => {
  const person = await personWithCodes(services)
  const visitor = here()
  const page = await visitor.get('/recover/code')
  const cases = {
    'a wrong code': { identifier: person.username, knowledge: person.phone, code: wrong },
    'wrong knowledge': { identifier: person.username, knowledge: '13900000000', code: person.code(0) },
    nobody: { identifier: 'nobody-at-all', knowledge: '13900000000', code: wrong },
  }
  const times: Record<string, number[]> = {}
  for (let round = 0; round < 36; round += 1) {
    for (const [what, fields] of Object.entries(cases)) {
      const began = performance.now()
      const answer = await visitor.submit(page, '/recover/code', fields)
      const took = performance.now() - began
      expect(answer.status).toBe(400)
      if (round >= 6) (times[what] ??= []).push(took)
    }
  }
  const taken = Object.entries(times).map(([what, all]) => [what, typical(all)] as const)
  const [, least] = taken.reduce((a, b) => (a[1] < b[1] ? a : b))
  for (const [what, time] of taken) expect(time / least, what + JSON.stringify(taken)).toBeLessThan(2.5)
})
