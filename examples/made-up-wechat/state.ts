import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Fault } from './faults.ts'

/** A made-up person, with the ids that the made-up vendors give. */
export interface VendorUser {
  /** WeChat: names the user within one app. */
  openid?: string
  /** WeChat: names the user within one open-platform account; missing where the app is bound to none. */
  unionid?: string
  /** WeChat: opened a 快照页, so the ids are not the person's. */
  snapshot?: boolean
  /** With country code, such as `+8613800138000`. */
  phone?: string
  /** Alipay: the older id, 16 digits. */
  userId?: string
  /** Alipay: the id that new apps get. */
  openId?: string
}

/** An app as registered at a made-up vendor. */
export interface VendorApp {
  appid: string
  secret: string
}

type CodeUse = 'login' | 'phone' | 'web' | 'alipay'

interface Code {
  use: CodeUse
  appid: string
  user: VendorUser
  expiresAt: number
  used: boolean
}

export interface Token {
  token: string
  appid: string
  expiresAt: number
}

/** A face verification that was begun. */
export interface FaceCheck {
  id: string
  expiresAt: number
  /** What it was begun with, as text. */
  bound: string
  /** WeChat: verify_ret; Alipay: T or F. Undefined until the person has finished. */
  result: string | undefined
}

/** One call, for tests that count. */
interface Call {
  endpoint: string
  /** Query and body, as text. */
  sent: string
}

export interface VendorState {
  clock: () => number
  apps: VendorApp[]
  alipayAppid: string
  /** Of the app, which signs what it asks. */
  appKeys: () => KeyPair
  /** Of Alipay, which signs what it answers. */
  alipayKeys: () => KeyPair
  codes: Map<string, Code>
  tokens: Token[]
  forcedAt: number
  faces: Map<string, FaceCheck>
  faults: Map<string, Fault>
  calls: Call[]
  /** Exchanges of each user, for the limit a minute. */
  exchanges: Map<string, number[]>
  /** The user of a browser that has no cookie of the made-up vendor. */
  visitor: VendorUser | undefined
  users: Map<string, VendorUser>
  /** True: the vendor's page sends the browser back two times, as some telephones do. */
  twice: boolean
}

interface KeyPair {
  publicKey: string
  privateKey: string
}

function createKeys(): KeyPair {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}

/** Keys cost a tenth of a second, so they are made when they are first needed. */
function createLazyKeys(): () => KeyPair {
  let made: KeyPair | undefined
  return () => (made ??= createKeys())
}

export function createState(clock: () => number, apps: VendorApp[]): VendorState {
  return {
    clock,
    apps,
    alipayAppid: '2021000000000001',
    appKeys: createLazyKeys(),
    alipayKeys: createLazyKeys(),
    codes: new Map(),
    tokens: [],
    forcedAt: 0,
    faces: new Map(),
    faults: new Map(),
    calls: [],
    exchanges: new Map(),
    visitor: undefined,
    users: new Map(),
    twice: false,
  }
}

export const randomText = (bytes = 16) => randomBytes(bytes).toString('hex')

/** WeChat: five minutes; Alipay: one day for auth_base. */
const lifetimes: Record<CodeUse, number> = { login: 300_000, phone: 300_000, web: 300_000, alipay: 86_400_000 }

export function issueCode(state: VendorState, use: CodeUse, user: VendorUser, appid: string): string {
  const code = randomText()
  state.codes.set(code, { use, appid, user, expiresAt: state.clock() + lifetimes[use], used: false })
  return code
}

/** The user of a code, which counts once. */
export function useCode(state: VendorState, use: CodeUse, code: string, appid: string): VendorUser | 'wrong' | 'used' {
  const found = state.codes.get(code)
  if (!found || found.use !== use || found.appid !== appid || state.clock() >= found.expiresAt) return 'wrong'
  if (found.used) return 'used'
  found.used = true
  return found.user
}
