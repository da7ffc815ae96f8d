import { globSync, readFileSync, statSync } from 'node:fs'
import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { alipayErrors, alipayFaults, transportFaults, wechatErrors } from '../../examples/made-up-wechat/faults.ts'
import { channelKinds, isAlipay } from '../../src/channels/channels.ts'
import { readSettings } from '../../src/config/settings.ts'
import { createLog } from '../../src/http/start.ts'
import { untraced } from '../../src/http/tracing.ts'
import { openCore } from '../../src/wiring/core.ts'
import { channelRow, channelsFile, startVendors, vendorUser } from '../setup/channel-vendors.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const wechatFaults = [...Object.keys(wechatErrors).map(Number), 'no-unionid', 'no-openid', 'snapshot'] as const
const faultsOf = (alipay: boolean) =>
  alipay ? [...alipayFaults, ...(Object.keys(alipayErrors) as (keyof typeof alipayErrors)[])] : wechatFaults

/** The core of a server process at the made-up vendors; `output` is its whole log. */
async function openProcess() {
  const vendors = await startVendors()
  const directory = temporaryDirectory()
  const settings = readSettings({
    YIDENG_DATA_DIR: `${directory}/data`,
    YIDENG_KEYS_DIR: `${directory}/keys`,
    YIDENG_CHANNELS: channelsFile(
      vendors,
      channelKinds.map((kind) => channelRow(vendors, kind)),
    ),
  })
  let output = ''
  const log = createLog('trace', undefined, { write: (line: string) => void (output += line) })
  const core = await openCore(settings, Date.now, log, untraced)
  return {
    vendors,
    directory,
    core,
    log,
    output: () => output,
    async close() {
      await core.events.stop()
      await core.reasons.stop()
      await core.artifacts.close()
      await core.services.close()
    },
  }
}

it('no fault of a vendor takes a secret, code or id to the log, metrics, disk or failure', async () => {
  const { vendors, directory, core, log, output, close } = await openProcess()
  const anna = { ...vendorUser('anna-marked'), phone: '+8613800138000' }
  const sent: string[] = []
  const codes: string[] = []
  const failures: unknown[] = []
  const endpoints = [
    'jscode2session',
    'access_token',
    'stable_token',
    'getuserphonenumber',
    'alipay.system.oauth.token',
  ]

  async function tryAll(kind: (typeof channelKinds)[number]) {
    const client = core.channels.client(kind)
    const code = {
      'wechat-mini': vendors.loginCode,
      'wechat-h5': vendors.webCode,
      'wechat-web': vendors.webCode,
      'alipay-mini': vendors.alipayCode,
      'alipay-h5': vendors.alipayCode,
    }[kind](anna)
    const phoneCode = vendors.phoneCode(anna)
    codes.push(code, phoneCode)
    const found = await Promise.all([
      client?.identify(code),
      client?.check(),
      client?.phoneOf?.(phoneCode, { openid: anna.openid ?? '' }),
    ])
    for (const answer of found) {
      if (!answer || !('failure' in answer)) continue
      failures.push(answer)
      log.error({ err: answer }, 'a caller may log a failure')
    }
  }

  for (const kind of channelKinds) {
    const all = [...transportFaults, ...faultsOf(isAlipay(kind))]
    // a vendor without an answer costs two seconds, so it is tried once
    const tried = all.filter((fault) => fault !== 'drip' && (fault !== 'slow' || kind === 'wechat-mini'))
    for (const fault of [undefined, ...tried]) {
      vendors.well()
      for (const endpoint of endpoints) {
        vendors.alter(endpoint, (text) => (sent.push(text), text))
        if (fault !== undefined) vendors.fail(endpoint, fault)
      }
      await tryAll(kind)
    }
  }
  const metrics = await core.metrics.registry.metrics()
  await close()

  const tokens = sent.flatMap((text) => [...text.matchAll(/"(?:session_key|access_token|refresh_token)":"(\w+)"/g)])
  const ownKey = vendors.alipay.privateKey().split('\n').slice(1, -2)
  const { openid, unionid, userId, openId } = anna
  const secrets = [
    'top-secret',
    '13800138000',
    ...[openid, unionid, userId, openId].map(String),
    ...ownKey,
    ...codes,
    ...tokens.map(([, token]) => String(token)),
  ]
  expect(tokens.length).toBeGreaterThan(20)
  expect(failures.length).toBeGreaterThan(50)
  const files = globSync(`${directory}/**`).filter((file) => statSync(file).isFile())
  expect(files.length).toBeGreaterThan(3)
  const written = [output(), metrics, inspect(failures, { depth: 10, showHidden: true })]
  written.push(...files.map((file) => readFileSync(file, 'latin1')))
  const shown = secrets.filter((secret) => written.some((text) => text.includes(secret)))
  expect(shown).toEqual([])
  // the operator sees which channel failed, and how
  expect(output()).toContain('"channel":"wechat-mini","outcome":"channel_misconfigured"')
})
