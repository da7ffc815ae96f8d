import { createHash } from 'node:crypto'
import type { Context } from 'koa'
import { z } from 'zod'
import { isAmong } from '../../accounts/constant-time.ts'
import type { Client } from '../../clients/clients.ts'
import { gatewayTokenOf } from '../../clients/gateway-token.ts'
import type { TifProfile } from '../../config/legacy-protocols.ts'
import { readText } from '../../pages/bodies.ts'
import { requestOf } from '../../pages/request-context.ts'
import { hashId } from '../../storage/hash-id.ts'
import { admitPortal } from '../callers.ts'
import type { LegacyDeps } from '../legacy-routes.ts'
import { callingPortal, describe, takeCode } from './tif-calls.ts'
import { refuseTif } from './tif-errors.ts'

/** Seconds by which the time of a call may differ from ours. */
const mostSkew = 180
const nonceKind = 'legacy-nonce'
const mostBytes = 4096

const headers = z.object({
  'x-tif-paasid': z.string().max(64),
  'x-tif-timestamp': z.string().regex(/^\d{10}$/),
  'x-tif-nonce': z.string().regex(/^[\w-]{6,64}$/),
  'x-tif-signature': z.string().regex(/^[\dA-Fa-f]{64}$/),
})

const body = z
  .object({ ryz_access_token: z.string().optional(), ryzAccessToken: z.string().optional() })
  .transform(({ ryz_access_token: usual, ryzAccessToken: other }) => usual ?? other ?? '')

/** In capital letters, as the product writes it. @internal */
export const tifSignature = (timestamp: string, token: string, nonce: string): string =>
  createHash('sha256').update(`${timestamp}${token}${nonce}${timestamp}`).digest('hex').toUpperCase()

/**
 * The signed call of a mini program's pages: a code for the fields of its account, in one step. The signature covers no
 * body, so each nonce counts once for as long as its time is accepted.
 */
export async function answerSignedCall(ctx: Context, profile: TifProfile, deps: LegacyDeps): Promise<void> {
  const read = headers.safeParse(ctx.headers)
  if (!read.success) return refuseTif(ctx, 'invalid_request')
  const client = await callingPortal(ctx, profile, deps, read.data['x-tif-paasid'])
  if (typeof client === 'string') return refuseTif(ctx, client)
  const signed = await checkSignature(ctx, deps, client, read.data)
  if (signed !== 'right') return refuseTif(ctx, signed === 'wait' ? 'too_many_calls' : 'invalid_signature')
  await admitPortal(deps, ctx, client)
  const code = codeIn(await readText(ctx.req, mostBytes))
  if (code === undefined) return refuseTif(ctx, 'invalid_request')
  const grant = await takeCode(deps, client, { code, redirectUri: undefined })
  const answer = grant && (await describe(ctx, profile, deps, { client, grant }))
  if (answer === undefined) return refuseTif(ctx, 'invalid_grant')
  ctx.body = answer
}

async function checkSignature(
  ctx: Context,
  { secretGuesses, artifacts, pairwiseKey, clock }: LegacyDeps,
  client: Client,
  given: z.output<typeof headers>,
): Promise<'right' | 'wrong' | 'wait'> {
  const { 'x-tif-timestamp': timestamp, 'x-tif-nonce': nonce, 'x-tif-signature': signature } = given
  const request = requestOf(ctx)
  if (secretGuesses.wait(client.id, request) > 0) return 'wait'
  const expected = tifSignature(timestamp, gatewayTokenOf(pairwiseKey, client), nonce)
  if (client.secretHash === null || !isAmong(signature.toUpperCase(), [expected])) {
    await secretGuesses.wrong(client.id, request)
    return 'wrong'
  }
  secretGuesses.right(client.id, request)
  if (Math.abs(clock() / 1000 - Number(timestamp)) > mostSkew) return 'wrong'
  const once = hashId(`${client.id}\0${nonce}`)
  return (await artifacts.add(nonceKind, once, '1', { ttl: 2 * mostSkew + 1 })) ? 'right' : 'wrong'
}

function codeIn(text: string): string | undefined {
  try {
    return body.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
