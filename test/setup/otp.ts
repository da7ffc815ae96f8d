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
  if (!(await addToken(deps, personId, given, { stay: [], by: { actor: 'person' } }))) throw new Error('no token added')
  return { secret, code: (ahead = 0) => codeAt(token, secret, stepAt(token, clock()) + ahead) }
}

/** Another code than the right ones around now. */
export const wrongCode = ({ code }: HeldToken): string => {
  const right = [-2, -1, 0, 1, 2].map(code)
  return ['111111', '222222', '333333', '444444', '555555', '666666'].find((one) => !right.includes(one)) ?? '777777'
}

export const typeCode = (visitor: Visitor, page: Page, code: string): Promise<Page> =>
  visitor.submit(page, '/otp', { code })
