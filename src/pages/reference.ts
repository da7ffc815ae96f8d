import { randomBytes } from 'node:crypto'

/** Why a request was refused or failed: what `yideng doctor --reference` shows. No personal data and no secret. */
export interface Reason {
  /** A refusal (refusal/refusal.ts), or the flaw of a sign-out request. */
  readonly code: string
  readonly status: number
  readonly client?: string | undefined
  readonly error?: string | undefined
  readonly description?: string | undefined
  readonly detail?: string | undefined
  readonly scope?: string | undefined
  /** The client or the return address that the request named, without its query. */
  readonly asked?: string | undefined
  /** Lines of our source that an unexpected error passed. */
  readonly where?: readonly string[] | undefined
}

/** A reason under the reference number of its request. */
export interface Referred extends Reason {
  readonly reference: string
  /** ISO 8601. */
  readonly at: string
  readonly method: string
  readonly route: string
}

/** Crockford's base32: no I, L, O and U, so that a number survives a telephone call (crockford.com/base32.html). */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A new reference number: 40 random bits as eight characters in two groups, `K7Q2-M9XA`. */
export function newReference(): string {
  const characters = [...randomBytes(8)].map((byte) => alphabet[byte % alphabet.length]).join('')
  return `${characters.slice(0, 4)}-${characters.slice(4)}`
}

/** The reference number that a person read out: any case, with or without its hyphen, O for 0, I or L for 1. */
export function readReference(text: string): string | undefined {
  const characters = text
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
  const whole = /^[\dA-HJKMNP-TV-Z]{8}$/.test(characters)
  return whole ? `${characters.slice(0, 4)}-${characters.slice(4)}` : undefined
}

const longest = 200
const mostLines = 5

/** Texts that a stranger may choose are short. */
export const shortened = (text: string | undefined): string | undefined => text?.slice(0, longest)

/** The reason of an expected failure: its message is ours, or oidc-provider's. */
export const expected = (error: unknown): Pick<Reason, 'detail'> =>
  error instanceof Error ? { detail: shortened(error.message) } : {}

/** Messages of these errors name parts of a program, not values. */
const speaking = [TypeError, ReferenceError]

/** The reason of any other failure. Its message may quote a value, so only the log has it. */
export function unexpected(error: unknown): Pick<Reason, 'error' | 'detail' | 'where'> {
  if (!(error instanceof Error)) return { error: typeof error, where: [] }
  const { name, stack = '' } = error
  const code = [error, error.cause].map((one) => (one as { code?: unknown } | undefined)?.code).find(isText)
  const where = [...stack.matchAll(/\bsrc\/[\w./-]+:\d+/g)].map(([line]) => line).slice(0, mostLines)
  const speaks = speaking.some((kind) => error instanceof kind)
  return { error: code === undefined ? name : `${name} ${code}`, ...(speaks ? expected(error) : {}), where }
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** An address as a reason shows it: without user, query, fragment and long numbers, which may be personal. */
export function addressShown(address: unknown): string | undefined {
  const url = typeof address === 'string' ? URL.parse(address) : null
  return url ? shortened(`${url.protocol}//${url.host}${url.pathname.replaceAll(/\d{7,}x?/gi, '…')}`) : undefined
}

/** A client id as a reason shows it. Undefined for a text of another form: a stranger may put personal data there. */
export const clientShown = (id: unknown): string | undefined =>
  typeof id === 'string' && /^[\da-f]{24}$/.test(id) ? id : undefined
