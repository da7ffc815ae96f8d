import * as openid from 'openid-client'
import type { Command } from '../../admin/command.ts'
import type { Input } from '../../admin/fields.ts'
import { failed, type Outcome } from '../../admin/outcome.ts'
import type { Clock } from '../../config/clock.ts'
import { commandLineId } from '../../oidc/command-line-client.ts'
import { callCommand, outcomeOf } from './api-calls.ts'
import { ownName } from './own-name.ts'
import { savedSignIn } from './saved-sign-in.ts'
import { currentSignIn, newSignIn, reasonOf, type Connection } from './command-line-sign-in.ts'

/** A server that runs commands by the administrators' API. */
export interface Remote {
  /** Runs a command there, after a sign-in where one is needed. */
  run(command: Command, input: Input): Promise<Outcome>
  signIn(): Promise<Outcome>
  signOut(): Promise<Outcome>
}

export interface RemoteOptions {
  server: string
  environment: Record<string, string | undefined>
  clock: Clock
  /** Tells the person what to do. */
  say(lines: string[]): void
}

/** @throws Error where the server does not answer, or is no OpenID provider */
export async function connect({ server: given, environment, clock, say }: RemoteOptions): Promise<Remote> {
  const server = new URL(given).origin
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
  const connection: Connection = { server, config, saved: savedSignIn(environment, server), clock, say }

  return {
    run: (command, input) => orFailed(() => run(connection, command, input)),
    signIn: () => orFailed(() => signIn(connection)),
    signOut: () => signOut(connection),
  }
}

const orFailed = (act: () => Promise<Outcome>): Promise<Outcome> =>
  act().catch((error: unknown) => failed(reasonOf(error)))

async function run(connection: Connection, command: Command, input: Input): Promise<Outcome> {
  const current = await currentSignIn(connection)
  let response = current && (await callCommand(connection, command, input, current))
  if (!response || response.status === 401)
    response = await callCommand(connection, command, input, await newSignIn(connection))
  return outcomeOf(response)
}

async function signIn(connection: Connection): Promise<Outcome> {
  await newSignIn(connection)
  const { server, saved } = connection
  return { ok: true, document: { server, signed_in: true }, shown: [`Saved in ${saved.file}`] }
}

async function signOut({ server, config, saved }: Connection): Promise<Outcome> {
  const { refreshToken } = saved.read() ?? {}
  saved.forget()
  try {
    if (refreshToken !== undefined) await openid.tokenRevocation(config, refreshToken)
  } catch (error) {
    return failed(`Removed from this machine, but ${server} could not be notified: ${reasonOf(error)}`)
  }
  return { ok: true, document: { server, signed_in: false }, shown: ['Signed out.'] }
}
