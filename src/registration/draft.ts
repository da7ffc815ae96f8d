import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { byCarrier, byText, byWechat } from '../accounts/phone-proofs.ts'
import { suites, type Suite } from '../config/suite.ts'
import { createFieldCipher, type FieldCipher } from '../keys/field-cipher.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { deriveKey } from '../keys/derived-key.ts'
import type { SuiteKey } from '../keys/suite.ts'
import type { Attempt } from '../login/attempt.ts'
import type { RouterContext } from '../login/method.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'
import type { Answers } from './answers.ts'

export interface DraftDeps {
  artifacts: Artifacts
  blindIndex: BlindIndex
  /** The algorithms that seal new answers. */
  suite: Suite
  /** Cookies over https only. */
  secure: boolean
}

/** Seconds that the answers of a registration are kept; each answer begins them again. */
export const draftSeconds = 3600

const kind = 'registration'
const secretForm = /^[\w-]{43}$/
const schema = z.object({
  answers: z.record(z.string(), z.string()),
  /** Steps that were answered without a problem. */
  done: z.int().min(0).max(2),
  /** E.164. */
  proven: z.string().optional(),
  provenBy: z.enum([byText, byCarrier, byWechat]).optional(),
  texted: z.string().optional(),
  without: z.string().optional(),
})

/** How a registration proves a number. */
export type ProvenBy = NonNullable<z.infer<typeof schema>['provenBy']>

/** Answers to a registration that is not finished. */
export interface Draft {
  answers: Answers
  done: number
  /** The number that was proven in this registration, and how; by a code where nothing is said. */
  proven?: string | undefined
  provenBy?: ProvenBy | undefined
  /** The number that a code was last sent to. */
  texted?: string | undefined
  /** A number whose code did not come: the registration goes on without a proof. */
  without?: string | undefined
}

/** The place of the answers of one browser, for one login or for none. */
export interface DraftPlace {
  /** Identifies the registration, also after it has opened an account. */
  readonly id: string
  /** Undefined where nothing was answered yet, or the time is over. */
  read(): Promise<Draft | undefined>
  write(draft: Draft): Promise<void>
  remove(): Promise<void>
}

const cookieName = (secure: boolean) => hostCookie('yideng_registration', secure)

function secretBefore(ctx: RouterContext, secure: boolean): string | undefined {
  const known = ctx.cookies.get(cookieName(secure), { signed: false }) ?? ''
  return secretForm.test(known) ? known : undefined
}

/** A new secret for this browser: answers and accounts of earlier registrations are out of its reach. */
export function newSecret({ secure }: DraftDeps, ctx: RouterContext): string {
  const secret = randomBytes(32).toString('base64url')
  const options = { signed: false, httpOnly: true, sameSite: 'lax', secure, overwrite: true } as const
  ctx.cookies.set(cookieName(secure), secret, options)
  return secret
}

/**
 * Where the answers of this browser are. They are sealed with a key that the store does not have: half of it is in a cookie that ends
 * with the browser. A reader of the store, its copies or its keys learns neither a name nor a password.
 */
export function draftOf(deps: DraftDeps, ctx: RouterContext, attempt?: Pick<Attempt, 'id'>): DraftPlace {
  const secret = secretBefore(ctx, deps.secure) ?? newSecret(deps, ctx)
  return placeOf(deps, secret, attempt?.id ?? '')
}

export function placeOf({ artifacts, blindIndex, suite }: DraftDeps, secret: string, attempt: string): DraftPlace {
  const id = hashId(`${kind}\0${secret}\0${attempt}`)
  const cipher = cipherFor(blindIndex, secret, suite)
  const aad = `${kind}:${id}`
  return {
    id,
    async read() {
      const sealed = await artifacts.get(kind, id)
      return sealed === undefined ? undefined : opened(cipher, sealed, aad)
    },
    write: (draft) => artifacts.put(kind, id, cipher.seal(JSON.stringify(draft), aad), { ttl: draftSeconds }),
    remove: () => artifacts.remove(kind, id),
  }
}

/** The key of each suite, so that a registration goes on while YIDENG_SUITE changes. */
const keyNames: Readonly<Record<Suite, string>> = { international: 'browser', guomi: 'guomi' }

function cipherFor(blindIndex: BlindIndex, secret: string, current: Suite): FieldCipher {
  const keyOf = (suite: Suite): [string, SuiteKey] => [
    keyNames[suite],
    { suite, key: deriveKey(blindIndex('registration draft', secret), 'registration draft', suite) },
  ]
  const ring = { keys: Object.fromEntries(suites.map(keyOf)), current: keyNames[current] }
  return createFieldCipher(
    () => ring,
    () => undefined,
  )
}

/** Undefined where the server has another key since: the person answers again. */
function opened(cipher: FieldCipher, sealed: string, aad: string): Draft | undefined {
  try {
    return schema.parse(JSON.parse(cipher.open(sealed, aad)))
  } catch {
    return undefined
  }
}
