import type { Attempt } from '../../../attempt.ts'
import type { RouterContext, SignInPurpose } from '../../../method.ts'
import { requestOf } from '../../../../pages/request-context.ts'
import { contextOf } from '../context.ts'
import { name } from '../qr-deps.ts'
import { deadline } from '../states.ts'
import type { PhonePages } from './phone-routes.ts'

const path = /^\/q\/scan\/([\w-]{22})$/

/** The QR login that this phone signs in for, by the page that it returns to. */
function idOf({ params }: Pick<Attempt, 'params'>, issuer: string): string | undefined {
  if (params['redirect_uri'] !== `${issuer}/account/return`) return undefined
  return path.exec(String(params['state']))?.[1]
}

/**
 * The computer and the portal that a phone signs in for. Only the browser that claimed the frame sees them: any site can make an
 * address with the `state` of another.
 */
export async function signInFirst(
  deps: Pick<PhonePages, 'keys' | 'transactions' | 'settings' | 'clock'> & Parameters<typeof contextOf>[0],
  ctx: RouterContext,
  attempt: Attempt,
): Promise<SignInPurpose | undefined> {
  const { keys, transactions, settings, clock } = deps
  const id = idOf(attempt, settings.issuer)
  const transaction = id === undefined ? undefined : await transactions.find(id)
  const scanner = keys.read(ctx, 'scanner')
  if (scanner === undefined || transaction?.scanner !== scanner || transaction.state !== 'scanned') return undefined
  const left = deadline(transaction, settings.methods.qr.times) - clock()
  return {
    kind: name,
    ...(await contextOf(deps, transaction, requestOf(ctx))),
    minutes: Math.max(1, Math.floor(left / 60_000)),
  }
}
