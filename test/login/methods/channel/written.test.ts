import { globSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import {
  alipayErrors,
  alipayFaults,
  transportFaults,
  wechatErrors,
  type Fault,
} from '../../../../examples/made-up-wechat/faults.ts'
import { handleOf, startChannelLogin } from '../../../setup/channel-login.ts'
import { sendingTo, startCollector } from '../../../setup/collector.ts'
import { until } from '../../../setup/server.ts'

const wechat: Fault[] = [...Object.keys(wechatErrors).map(Number), 'no-unionid', 'no-openid', 'snapshot']
const alipay: Fault[] = [...alipayFaults, ...(Object.keys(alipayErrors) as (keyof typeof alipayErrors)[])]
/** A vendor without an answer would cost two seconds each. */
const transport = [undefined, ...transportFaults.filter((fault) => fault !== 'drip' && fault !== 'slow')]
/** Pages of the vendor come back to one route, so a few are enough. */
const few = [undefined, 'hang-up', 'huge'] as const

it('a server writes no secret, code, ticket or id of a vendor, under any fault', async () => {
  const collector = await startCollector()
  const setting = await startChannelLogin({ ...sendingTo(collector), YIDENG_LOG_LEVEL: 'trace' })
  const { vendors, server, begin, browser, askTicket, atVendor, enter, user, portal } = setting
  const secrets = ['top-secret', ...vendors.alipay.privateKey().split('\n').slice(1, -2)]
  const tokens: string[] = []
  const seen = new Set<number>()

  const fail = (endpoint: string, fault: Fault | undefined) => {
    vendors.well()
    if (fault !== undefined) vendors.fail(endpoint, fault)
    vendors.alter(endpoint, (text) => {
      for (const [, token = ''] of text.matchAll(/"(?:session_key|access_token|refresh_token)":"(\w+)"/g))
        tokens.push(token)
      return text
    })
  }

  const keepIds = () => {
    const one = user()
    const marked = {
      openid: `o-marked-${one.openid}`,
      unionid: `u-marked-${one.unionid}`,
      openId: `a-marked-${one.openId}`,
      userId: `2088marked${one.userId}`,
    }
    secrets.push(...Object.values(marked))
    return marked
  }

  for (const fault of [...transport, ...wechat]) {
    fail('jscode2session', fault)
    const login = await begin()
    const one = keepIds()
    const code = vendors.loginCode(one)
    const answer = await askTicket(handleOf(login.page), code)
    seen.add(answer.status)
    const { ticket } = (await answer.json()) as { ticket?: string }
    secrets.push(code)
    if (ticket === undefined) continue
    secrets.push(ticket)
    await enter(login, ticket)
  }

  for (const [id, agent, endpoint, faults] of [
    ['h5', 'wechat', 'access_token', wechat],
    ['alipay', 'alipay', 'alipay.system.oauth.token', alipay],
  ] as const) {
    for (const fault of [...few, ...faults]) {
      fail(endpoint, fault)
      const login = await begin(portal, { visitor: browser(agent) })
      const back = await atVendor(login, keepIds(), id)
      secrets.push(...['code', 'auth_code', 'state'].flatMap((name) => back.searchParams.get(name) ?? []))
      seen.add((await login.visitor.get(back.href)).status)
    }
  }

  const callbacks = () => collector.spans().filter(({ name }) => name.endsWith('/callback'))
  await until(async () => callbacks().length === 2 * few.length + wechat.length + alipay.length)
  const metrics = await (await fetch(`${server.issuer}/metrics`)).text()
  const files = globSync(`${dirname(server.dataDir)}/**`).filter((file) => statSync(file).isFile())
  const written = [server.output(), metrics, ...collector.bodies, ...files.map((file) => readFileSync(file, 'latin1'))]
  expect(tokens.length).toBeGreaterThan(20)
  expect(seen.size).toBeGreaterThan(1)
  expect(files.length).toBeGreaterThan(3)
  const shown = [...secrets, ...tokens].filter((secret) => written.some((text) => text.includes(secret)))
  expect(shown).toEqual([])
})
