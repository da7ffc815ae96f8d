import { hostname, platform, userInfo } from 'node:os'
import * as openid from 'openid-client'
import { z } from 'zod'
import { apiPath } from '../../admin/remote/api-path.ts'
import { failed, type Outcome } from '../../admin/outcome.ts'
import type { Command } from '../../admin/command.ts'
import type { Input } from '../../admin/fields.ts'
import type { Clock } from '../../config/clock.ts'
import { adminScope, commandLineId } from '../../oidc/command-line-client.ts'
import { savedSignIn, type SignIn } from './saved-sign-in.ts'

/** A server whose administrators' API the commands are sent to. */
export interface Remote {
  /** Runs a command there, after signing in where that is needed. */
  run(command: Command, input: Input): Promise<Outcome>
  signIn(): Promise<Outcome>
  signOut(): Promise<Outcome>
}

export interface RemoteOptions {
  server: string
  environment: Record<string, string | undefined>
  clock: Clock
  /** For the person who has to do something. */
  say(lines: string[]): void
}

/** A token that ends within this time is renewed first. */
const soonMs = 30_000

const answerSchema = z.object({
  document: z.unknown(),
  shown: z
    .union([
      z.array(z.string()),
      z.object({ columns: z.array(z.string()), rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))) }),
    ])
    .optional(),
  notes: z.array(z.string()).optional(),
  fault: z.string().optional(),
})

const problemSchema = z.object({
  kind: z.enum(['invalid', 'not_found', 'forbidden', 'failed']),
  title: z.string().optional(),
  problems: z.array(z.object({ field: z.string().optional(), message: z.string() })).optional(),
  reference: z.string().optional(),
})

/** How this program calls itself; the person who lets it in is shown it. */
function ownName(): string {
  let user = 'somebody'
  try {
    user = userInfo().username
  } catch {
    // a container may run under a number that has no name
  }
  return `yideng-cli (${platform()}; ${user}@${hostname()})`.replaceAll(/[^\x20-\x7e]/g, '?')
}

export async function connect({ server: given, environment, clock, say }: RemoteOptions): Promise<Remote> {
  const server = new URL(given).origin
  const saved = savedSignIn(environment, server)
  const named: openid.CustomFetch = (url, options) =>
    fetch(url, { ...options, headers: { ...options.headers, 'user-agent': ownName() } } as RequestInit)
  const config = await openid
    .discovery(new URL(server), commandLineId, { id_token_signed_response_alg: 'ES256' }, openid.None(), {
      [openid.customFetch]: named,
      execute: server.startsWith('http:') ? [openid.allowInsecureRequests] : [],
    })
    .catch((error: unknown) => {
      throw new Error(`${server} cannot be reached, or is no Yideng: ${reasonOf(error)}`, { cause: error })
    })

  const proofs = async (signIn: Pick<SignIn, 'privateKey' | 'publicKey'>) => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const [privateKey, publicKey] = await Promise.all([
      crypto.subtle.importKey('jwk', signIn.privateKey, algorithm, false, ['sign']),
      crypto.subtle.importKey('jwk', signIn.publicKey, algorithm, true, ['verify']),
    ])
    return openid.getDPoPHandle(config, { privateKey, publicKey })
  }

  const keep = (keys: Pick<SignIn, 'privateKey' | 'publicKey'>, tokens: openid.TokenEndpointResponse): SignIn => {
    const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds = 0 } = tokens
    const signIn = { server, accessToken, refreshToken, expiresAt: clock() + seconds * 1000, ...keys }
    saved.write(signIn)
    return signIn
  }

  /** Device flow (RFC 8628): the person types the code in a browser, wherever that is. */
  async function signInAnew(): Promise<SignIn> {
    const pair = await openid.randomDPoPKeyPair('ES256', { extractable: true })
    const [privateKey, publicKey] = await Promise.all([
      crypto.subtle.exportKey('jwk', pair.privateKey),
      crypto.subtle.exportKey('jwk', pair.publicKey),
    ])
    const keys = { privateKey, publicKey } as Pick<SignIn, 'privateKey' | 'publicKey'>
    const scope = `openid ${adminScope} offline_access`
    const waiting = await openid.initiateDeviceAuthorization(config, { scope })
    say([
      'To let this command line in, open in a browser',
      `  ${waiting.verification_uri}`,
      'and type the code',
      `  ${waiting.user_code}`,
      `Nobody but you needs this code. It ends in ${Math.round(waiting.expires_in / 60)} minutes; waiting.`,
    ])
    const tokens = await openid.pollDeviceAuthorizationGrant(config, waiting, undefined, { DPoP: await proofs(keys) })
    say(['Signed in.'])
    return keep(keys, tokens)
  }

  /** A saved sign-in with a token that is still good for a while. */
  async function current(): Promise<SignIn | undefined> {
    const signIn = saved.read()
    if (!signIn || signIn.expiresAt - clock() > soonMs) return signIn
    if (signIn.refreshToken === undefined) return undefined
    const { privateKey, publicKey } = signIn
    const tokens = await openid
      .refreshTokenGrant(config, signIn.refreshToken, undefined, { DPoP: await proofs(signIn) })
      .catch((error: unknown) => {
        // the sign-in is over, or another command was faster
        if (error instanceof openid.ResponseBodyError) return undefined
        throw error
      })
    return tokens && keep({ privateKey, publicKey }, tokens)
  }

  async function call(command: Command, input: Input, signIn: SignIn): Promise<Response> {
    const headers = new Headers({ 'content-type': 'application/json', accept: 'application/json' })
    const url = new URL(apiPath(command), server)
    const DPoP = await proofs(signIn)
    return openid
      .fetchProtectedResource(config, signIn.accessToken, url, 'POST', JSON.stringify(input), headers, { DPoP })
      .catch((error: unknown) => {
        if (error instanceof openid.WWWAuthenticateChallengeError) return error.response
        throw error
      })
  }

  return {
    async run(command, input) {
      try {
        const known = await current()
        let answer = known && (await call(command, input, known))
        if (!answer || answer.status === 401) answer = await call(command, input, await signInAnew())
        return await outcomeOf(answer)
      } catch (error) {
        return failed(reasonOf(error))
      }
    },
    async signIn() {
      try {
        await signInAnew()
        return { ok: true, document: { server, signed_in: true }, shown: [`Kept in ${saved.file}`] }
      } catch (error) {
        return failed(reasonOf(error))
      }
    },
    async signOut() {
      const { refreshToken } = saved.read() ?? {}
      saved.forget()
      try {
        if (refreshToken !== undefined) await openid.tokenRevocation(config, refreshToken)
      } catch (error) {
        return failed(`Removed from this machine, but ${server} did not hear of it: ${reasonOf(error)}`)
      }
      return { ok: true, document: { server, signed_in: false }, shown: ['Signed out.'] }
    },
  }
}

/** In the words of the server where it has some. */
function reasonOf(error: unknown): string {
  if (error instanceof openid.ResponseBodyError) {
    if (error.error === 'access_denied') return 'The browser said no: nobody is signed in.'
    if (error.error === 'expired_token') return 'Nobody typed the code in time.'
    return error.error_description ?? error.error
  }
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message} (${cause.message})` : message
}

async function outcomeOf(answer: Response): Promise<Outcome> {
  const body: unknown = await answer.json().catch(() => undefined)
  if (answer.ok) {
    const { document, shown, notes, fault } = answerSchema.parse(body)
    return {
      ok: true,
      document,
      ...(shown === undefined ? {} : { shown }),
      ...(notes === undefined ? {} : { notes }),
      ...(fault === undefined ? {} : { fault }),
    }
  }
  const problem = problemSchema.safeParse(body)
  if (!problem.success) return failed(`The server answered ${answer.status}.`)
  const { kind, title, problems, reference } = problem.data
  const named = problems?.map(({ field, message }) => (field === undefined ? { message } : { field, message }))
  const reason = `The server answered ${answer.status} ${title ?? ''}${reference ? `, reference ${reference}` : ''}`
  return { ok: false, kind, problems: named ?? [{ message: reason }] }
}
