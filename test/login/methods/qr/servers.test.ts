import { request } from 'node:http'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { addPasskey, askOptions, sendResponse, type RequestOptions } from '../../../setup/passkey.ts'
import {
  approve,
  computerAndPhone,
  letIn,
  look,
  refuse,
  scan,
  signedInPhone,
  signOnPhone,
  type WaitingComputer,
} from '../../../setup/qr.ts'
import { startServer, type RunningServer, usualServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import type { Visitor } from '../../../setup/visitor.ts'

describe('limits', () => {
  it('twenty-first beginning of a network, eleventh of a login, third refusal of a person', async () => {
    const strict = await startServer({ YIDENG_TRUST_PROXY: 'true', YIDENG_QR_ADDRESS_CREATIONS: '20' })
    const strictServices = await strict.services()
    const first = await computerAndPhone(strictServices)
    for (let count = 0; count < 10; count += 1) await first.computer.start()
    expect(await first.computer.post('start')).toMatchObject({ error: 'qr_ended' })
    const second = await computerAndPhone(strictServices)
    for (let count = 0; count < 9; count += 1) await second.computer.start()
    expect(await second.computer.post('start')).toMatchObject({ status: 429, error: 'too_many_requests' })

    const third = await computerAndPhone(strictServices, {
      computerNetwork: '198.51.100.8',
      phoneNetwork: '198.51.100.8',
    })
    for (let count = 0; count < 3; count += 1)
      await refuse(third.phone, await scan(third.phone, await third.computer.start()))
    expect((await scan(third.phone, await third.computer.start())).html).toContain('扫码登录已暂停一天')
    await strict.kill('SIGKILL')
  })
})

describe('a computer that does not want any more', () => {
  it('ends it for the phone as well, which shows the end', async () => {
    const server = await usualServer()
    const { computer, phone } = await computerAndPhone(await server.services())
    const asked = await scan(phone, await computer.start())
    expect(await computer.post('cancel')).toMatchObject({ state: 'aborted', reason: 'cancelled' })
    expect((await approve(phone, asked)).html).toContain('电脑上取消了这次登录')
    expect((await computer.redeem()).leads).toBeUndefined()
  })
})

describe('attacks that take time', () => {
  it('an approval and a redemption that come too late', async () => {
    const hasty = await startServer({
      YIDENG_TRUST_PROXY: 'true',
      YIDENG_QR_DECIDE_SECONDS: '2',
      YIDENG_QR_REDEEM_SECONDS: '1',
    })
    const hastyServices = await hasty.services()
    const late = await computerAndPhone(hastyServices)
    const authenticator = new SoftwareAuthenticator(hasty.issuer)
    await addPasskey(late.phone, authenticator)
    const asked = await scan(late.phone, await late.computer.start())
    const signed = authenticator.get(await askOptions<RequestOptions>(late.phone, asked))
    const second = await computerAndPhone(hastyServices)
    const other = new SoftwareAuthenticator(hasty.issuer)
    await addPasskey(second.phone, other)
    await signOnPhone(second.phone, await scan(second.phone, await second.computer.start()), other)
    const unanswered = await computerAndPhone(hastyServices)
    await scan(unanswered.phone, await unanswered.computer.start())
    await hasty.forward(2100)
    expect(await unanswered.computer.look()).toMatchObject({ state: 'expired' })
    await unanswered.computer.look()
    const ended = await hastyServices.database
      .selectFrom('audit_events')
      .select('details')
      .where('person_id', '=', unanswered.person.id)
      .where('event', '=', 'qr.ended')
      .execute()
    expect(ended).toEqual([{ details: '{"state":"expired","reason":"late_scanned"}' }])
    expect((await sendResponse(late.phone, asked, '/sign', signed)).html).toContain('等得太久，这次扫码已作废')
    expect(await late.computer.look()).toMatchObject({ state: 'expired', reason: 'late_scanned' })
    expect((await second.computer.redeem()).html).toContain('这次扫码已经作废')
    expect(await second.computer.look()).toMatchObject({ state: 'expired', reason: 'late_approved' })
    await hasty.kill('SIGKILL')
  })
})

describe('two server processes on one store', () => {
  /** Asks one process under the name of both, as a balancer in front of them does. */
  const post = (issuer: string, port: number, path: string, visitor: Visitor, body: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        host: new URL(issuer).host,
        accept: 'text/html',
        'content-type': 'application/x-www-form-urlencoded',
        cookie: visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
      }
      request({ port, path, headers, method: 'POST' }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .on('error', reject)
        .end(body)
    })

  let server: RunningServer
  let second: RunningServer
  let services: Services
  beforeAll(async () => {
    server = await startServer({ YIDENG_TRUST_PROXY: 'true' })
    services = await server.services()
    const { PORT: _port, ...same } = server.environment
    second = await startServer({ ...same, YIDENG_ISSUER: server.issuer })
  })

  /** The states that the stream of a page at this port has told, as they come. */
  async function watch(computer: WaitingComputer, port: number): Promise<string[]> {
    const states: string[] = []
    const cookie = computer.visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    const path = `${computer.page.url.pathname}/qr/stream?id=${computer.id}`
    const headers = { cookie, accept: 'text/event-stream', 'x-forwarded-for': '203.0.113.1' }
    await new Promise<void>((resolve, reject) => {
      request({ port, path, headers, agent: false }, (answer) => {
        answer.on('error', () => undefined) // it is cut off at the end
        answer.on('data', (chunk: Buffer) => {
          const state = /"state":"(\w+)"/.exec(chunk.toString())?.[1]
          if (state !== undefined) states.push(state)
          resolve()
        })
      })
        .on('error', reject)
        .end()
    })
    return states
  }

  it('tell each other what a phone does: the page that waits at the other one shows it at once', async () => {
    const { computer, phone } = await computerAndPhone(services)
    const asked = await computer.start()
    const states = await watch(computer, Number(second.environment['PORT']))
    const page = await scan(phone, asked)
    // if it was not told, a page asks every ten seconds
    await expect.poll(() => states, { timeout: 30_000, interval: 5 }).toContain('scanned')
    await letIn(phone, page, computer)
    await expect.poll(() => states, { timeout: 30_000, interval: 5 }).toContain('approved')
    await computer.redeem()
    await expect.poll(() => states, { timeout: 30_000, interval: 5 }).toContain('redeemed')
  })

  it('race the same scan: one takes it, and then both phones are sent away', async () => {
    const { PORT } = server.environment
    for (let round = 0; round < 5; round += 1) {
      const { person, computer, phone } = await computerAndPhone(services)
      const phones = [phone, await signedInPhone(server.issuer, person)]
      const frame = await computer.start()
      const looked = await Promise.all(phones.map((one) => look(one, frame)))
      const ports = [Number(PORT), Number(second.environment['PORT'])]
      const answers = await Promise.all(
        phones.map((one, index) => {
          const { html = '', url } = looked[index] ?? {}
          const fields: [string, string][] = [...html.matchAll(/name="(csrf|look)" value="([^"]+)"/g)].map(
            ([, name = '', value = '']) => [name, value],
          )
          return post(
            server.issuer,
            ports[index] ?? 0,
            url?.pathname ?? '',
            one,
            new URLSearchParams(fields).toString(),
          )
        }),
      )
      expect(answers.toSorted((one, other) => Number(one) - Number(other))).toEqual([303, 400])
      expect(await computer.look()).toMatchObject({ state: 'aborted', reason: 'second_scan' })
    }
  })
})
