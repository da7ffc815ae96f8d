import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { Channel } from './channels.ts'
import { readDocument, type AskVendor, type VendorAnswer } from './vendor-call.ts'
import { errcodeOf, readWechat } from './wechat-answers.ts'

/** WeChat renews a token in its last five minutes; both count until then. */
const renewBeforeMs = 4 * 60_000
/** A renewal that fails is tried again after this time. */
const retryMs = 10_000
/** Not used in its last seconds: the call must arrive in time. */
const marginMs = 5000
/** Longer than one call to the vendor, in seconds. */
const askingSeconds = 5
const pollMs = 50
/** `force_refresh` counts 20 times a day, 30 seconds apart. */
const forcedSeconds = 30
const forcedADay = 20
const daySeconds = 86_400
/** 40001 wrong, 40014 not valid, 42001 too old. */
const tokenRefused = new Set([40001, 40014, 42001])

const answer = z.object({ access_token: z.string().min(1).max(512), expires_in: z.number().int().positive().max(7200) })
const stored = z.object({ token: z.string(), renewAt: z.number(), expiresAt: z.number() })
type Stored = z.infer<typeof stored>

/** The token of the app for WeChat's server (stable_token), one for all processes. */
export interface WechatToken {
  /** Asks WeChat for the token now. */
  ask(): Promise<VendorAnswer<string>>
  /** Posts JSON with the token; once more with a new one where WeChat refuses it. */
  post<T>(path: string, json: object, schema: z.ZodType<T>): Promise<VendorAnswer<T>>
}

export type TokenStore = Pick<Artifacts, 'get' | 'put' | 'add' | 'remove' | 'increment'>

interface WechatTokenDeps {
  ask: AskVendor
  artifacts: TokenStore
  cipher: FieldCipher
  clock: Clock
}

const kind = 'wechat-token'

/** Never the older `GET /cgi-bin/token`: each call of it ends the token before. */
export function createWechatToken({ api, appid, secret }: Channel, deps: WechatTokenDeps): WechatToken {
  const { artifacts, cipher, clock, ask } = deps
  const id = `${api}/${appid}`
  const aad = `${kind}:${id}`

  async function askToken(force: boolean): Promise<VendorAnswer<Stored>> {
    const json = { grant_type: 'client_credential', appid, secret, force_refresh: force }
    const read = readWechat(answer, await ask('/cgi-bin/stable_token', { json }))
    if ('failure' in read) return read
    const { access_token: token, expires_in: seconds } = read.value
    const expiresAt = clock() + seconds * 1000
    return { value: { token, expiresAt, renewAt: Math.max(expiresAt - renewBeforeMs, clock() + retryMs) } }
  }

  async function load(): Promise<Stored | undefined> {
    const sealed = await artifacts.get(kind, id)
    const found = sealed === undefined ? undefined : readDocument(stored, openOrNone(cipher, sealed, aad))
    return found && clock() < found.expiresAt - marginMs ? found : undefined
  }

  async function save(fresh: Stored): Promise<string> {
    const ttl = Math.ceil((fresh.expiresAt - clock()) / 1000)
    if (ttl > 0) await artifacts.put(kind, id, cipher.seal(JSON.stringify(fresh), aad), { ttl })
    return fresh.token
  }

  /** One process asks at a time; the others wait for its token. */
  async function current(): Promise<VendorAnswer<string>> {
    const held = await load()
    if (held && clock() < held.renewAt) return { value: held.token }
    const mine = await artifacts.add(`${kind}-asking`, id, '1', { ttl: askingSeconds })
    if (!mine) return held ? { value: held.token } : waitForOther()
    try {
      const fresh = await askToken(false)
      if ('value' in fresh) return { value: await save(fresh.value) }
      return held ? { value: held.token } : fresh
    } finally {
      await artifacts.remove(`${kind}-asking`, id)
    }
  }

  async function waitForOther(): Promise<VendorAnswer<string>> {
    for (let waited = 0; waited < 2000; waited += pollMs) {
      await wait(pollMs)
      const found = await load()
      if (found) return { value: found.token }
    }
    return { failure: 'unavailable' }
  }

  /** Another token than the refused one. The last step makes a new one, within WeChat's limits. */
  async function another(refused: string): Promise<VendorAnswer<string>> {
    const held = await load()
    if (held && held.token !== refused) return { value: held.token }
    const usual = await askToken(false)
    if ('failure' in usual) return usual
    if (usual.value.token !== refused) return { value: await save(usual.value) }
    if (!(await mayForce())) return { failure: 'unavailable' }
    const forced = await askToken(true)
    return 'failure' in forced ? forced : { value: await save(forced.value) }
  }

  async function mayForce(): Promise<boolean> {
    if (!(await artifacts.add(`${kind}-forced`, id, '1', { ttl: forcedSeconds }))) return false
    return (await artifacts.increment(`${kind}-forced-today`, id, daySeconds)).count <= forcedADay
  }

  const send = (path: string, token: string, json: object) => ask(path, { query: { access_token: token }, json })

  return {
    async ask() {
      const fresh = await askToken(false)
      return 'failure' in fresh ? fresh : { value: fresh.value.token }
    },
    async post(path, json, schema) {
      const token = await current()
      if ('failure' in token) return token
      const text = await send(path, token.value, json)
      if (!tokenRefused.has(errcodeOf(text) ?? 0)) return readWechat(schema, text)
      const next = await another(token.value)
      return 'failure' in next ? next : readWechat(schema, await send(path, next.value, json))
    },
  }
}

/** A value under a deleted key, or a changed one, counts as none. */
function openOrNone(cipher: FieldCipher, sealed: string, aad: string): string | undefined {
  try {
    return cipher.open(sealed, aad)
  } catch {
    return undefined
  }
}
