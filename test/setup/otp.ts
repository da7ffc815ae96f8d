import { randomBytes } from 'node:crypto'
import type { Services } from '../../src/services.ts'
import { addToken } from '../../src/login/methods/otp/keeping.ts'
import { codeAt, stepAt, suites, type SuiteName } from '../../src/login/methods/otp/suites.ts'

import type { Page, Visitor } from './visitor.ts'

/** A token as its owner holds it. */
export interface HeldToken {
  secret: Buffer
  /** The code that it shows, a number of steps from now. */
  code(ahead?: number): string
}

/** Gives a person a token, as an enrolment does. */
export async function giveToken(
  services: Services,
  personId: string,
  suite: SuiteName = 'rfc6238-sha1',
): Promise<HeldToken> {
  const { authenticators, database, audit, notifier, endSignIns, dataKeys, clock } = services
  const secret = randomBytes(suites[suite].bytes)
  const token = { suite, digits: 6, period: 30 }
  const deps = { authenticators, database, audit, notifier, endSignIns, cipher: dataKeys.cipher }
  const given = { ...token, used: 0, drift: 0, secret, serialEnd: suite === 'gmt0021-sm3' ? '0042' : '' }
  const added = await addToken(deps, personId, given, { stay: [], by: { actor: 'person' } })
  if (added !== 'added') throw new Error(`no token added: ${added}`)
  return { secret, code: (ahead = 0) => codeAt(token, secret, stepAt(token, clock()) + ahead) }
}

/** Another code than the right ones around now. */
export const wrongCode = ({ code }: HeldToken): string => {
  const right = new Set([-2, -1, 0, 1, 2].map(code))
  return ['111111', '222222', '333333', '444444', '555555', '666666'].find((one) => !right.has(one)) ?? '777777'
}

export const typeCode = (visitor: Visitor, page: Page, code: string): Promise<Page> =>
  visitor.submit(page, '/otp', { code })

/** Base32 (RFC 4648 section 6), as an app reads it. */
function readBase32(text: string): Buffer {
  const bits = [...text]
    .map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

/** Reads the page of the secret as an app does: all it knows is the address of the QR code. */
export function appOf({ clock }: Pick<Services, 'clock'>, page: Page) {
  const address = /href="(otpauth:[^"]+)"/.exec(page.html)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const { searchParams, pathname } = new URL(address)
  const secret = readBase32(searchParams.get('secret') ?? '')
  const spec = { suite: 'rfc6238-sha1', digits: 6, period: 30 } as const
  const code = (ahead = 0) => codeAt(spec, secret, stepAt(spec, clock()) + ahead)
  return { address, label: decodeURIComponent(pathname), searchParams, secret, code }
}

/** Adds an app in the account centre, in a browser that has just signed in. */
export async function addApp(services: Pick<Services, 'clock'>, visitor: Visitor): Promise<HeldToken> {
  const page = await visitor.submit(await visitor.get('/account/otp/add'), '/account/otp/add', {})
  const app = appOf(services, page)
  const added = await visitor.submit(page, '/account/otp/code', { code: app.code() })
  if (added.url.search !== '?done=added') throw new Error(`no app added (${added.status}):\n${added.html}`)
  return app
}
