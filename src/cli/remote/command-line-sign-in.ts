import * as openid from 'openid-client'
import type { Clock } from '../../config/clock.ts'
import { adminScope } from '../../oidc/command-line-client.ts'
import type { savedSignIn, SavedSignIn } from './saved-sign-in.ts'

/** The client of one server, and the sign-in that is stored for it. */
export interface Connection {
  server: string
  config: openid.Configuration
  saved: ReturnType<typeof savedSignIn>
  clock: Clock
  say(lines: string[]): void
}

type SignInKeys = Pick<SavedSignIn, 'privateKey' | 'publicKey'>

/** A token that ends within this time is renewed first. */
const renewBeforeMs = 30_000

/** The handle that signs a DPoP proof for each request (RFC 9449). */
export async function proofsOf({ config }: Connection, keys: SignInKeys): Promise<openid.DPoPHandle> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', keys.privateKey, algorithm, false, ['sign']),
    crypto.subtle.importKey('jwk', keys.publicKey, algorithm, true, ['verify']),
  ])
  return openid.getDPoPHandle(config, { privateKey, publicKey })
}

function save(
  { server, saved, clock }: Connection,
  keys: SignInKeys,
  tokens: openid.TokenEndpointResponse,
): SavedSignIn {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds = 0 } = tokens
  const signIn = { server, accessToken, refreshToken, expiresAt: clock() + seconds * 1000, ...keys }
  saved.write(signIn)
  return signIn
}

/** Signs in by the device flow (RFC 8628): the person types the code in any browser. */
export async function newSignIn(connection: Connection): Promise<SavedSignIn> {
  const { config, say } = connection
  const pair = await openid.randomDPoPKeyPair('ES256', { extractable: true })
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.exportKey('jwk', pair.privateKey),
    crypto.subtle.exportKey('jwk', pair.publicKey),
  ])
  const keys = { privateKey, publicKey } as SignInKeys
  const scope = `openid ${adminScope} offline_access`
  const device = await openid.initiateDeviceAuthorization(config, { scope })
  say([
    'To sign in, open in a browser',
    `  ${device.verification_uri}`,
    'and type the code',
    `  ${device.user_code}`,
    `Give this code to no other person. It ends in ${Math.round(device.expires_in / 60)} minutes; waiting.`,
  ])
  const DPoP = await proofsOf(connection, keys)
  const tokens = await openid.pollDeviceAuthorizationGrant(config, device, undefined, { DPoP })
  say(['Signed in.'])
  return save(connection, keys, tokens)
}

/** The saved sign-in, with a renewed token where the token ends soon; undefined where a new sign-in is needed. */
export async function currentSignIn(connection: Connection): Promise<SavedSignIn | undefined> {
  const { saved, clock, config } = connection
  const signIn = saved.read()
  if (!signIn || signIn.expiresAt - clock() > renewBeforeMs) return signIn
  if (signIn.refreshToken === undefined) return undefined
  const { privateKey, publicKey } = signIn
  const tokens = await openid
    .refreshTokenGrant(config, signIn.refreshToken, undefined, { DPoP: await proofsOf(connection, signIn) })
    .catch((error: unknown) => {
      // the sign-in has ended, or another command used the refresh token first
      if (error instanceof openid.ResponseBodyError) return undefined
      throw error
    })
  return tokens && save(connection, { privateKey, publicKey }, tokens)
}

/** The message of an error; that of the server where it sent one. */
export function reasonOf(error: unknown): string {
  if (error instanceof openid.ResponseBodyError) {
    if (error.error === 'access_denied') return 'The sign-in was refused in the browser.'
    if (error.error === 'expired_token') return 'The code was not typed in time.'
    return error.error_description ?? error.error
  }
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message} (${cause.message})` : message
}
