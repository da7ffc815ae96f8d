import { z } from 'zod'
import type { ChannelClient } from '../../../channels/channel-client.ts'
import { idOf, redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal, refusals, type RefusalCode } from '../../../refusal/refusal.ts'
import { hashId } from '../../../storage/hash-id.ts'
import { readUntil } from '../../../storage/read-until.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, Router, RouterContext } from '../../method.ts'
import { arrive } from './arrive.ts'
import { name, type ChannelDeps } from './channel-deps.ts'
import type { ChannelProofs } from './proofs.ts'
import { freshSecret, sealedArtifacts, type SealedArtifacts } from '../../sealed-artifacts.ts'
import { mayUse } from './shown-here.ts'
import { unseen } from '../../unseen.ts'
import { channelLimit } from './tickets.ts'

/** Seconds for the person at the vendor's page. */
const stateSeconds = 600
/** Seconds during which a second arrival gets the answer of the first. */
const answeredSeconds = 60
/** Milliseconds: longer than the vendor may take. */
const longestFirst = 4000

const state = z.object({
  attempt: z.string(),
  channel: z.string(),
  /** Hash of the code that arrived first. */
  code: z.string().optional(),
  /** Where the first arrival led, or its refusal. */
  to: z.string().optional(),
  refusal: z.custom<RefusalCode>((code) => typeof code === 'string' && code in refusals).optional(),
})

type State = z.infer<typeof state>
export type States = SealedArtifacts<State>

export const createStates = (deps: Pick<ChannelDeps, 'artifacts' | 'cipher'>): States =>
  sealedArtifacts(deps, 'channel-state', state)

export type RedirectDeps = ChannelDeps & { states: States; proofs: ChannelProofs }

const callbackOf = (issuer: string, id: string) => `${issuer}/channel/${id}/callback`

/** POST /login/<attempt>/channel/<id>/start: to the vendor's page. `state` is the only guard of that protocol (channels.md 1). */
export function startRoute(router: Router, host: LoginHost, deps: RedirectDeps): void {
  const networks = channelLimit(deps)
  router.post('/:id/start', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'login')
    const client = usable(deps, attempt, idOf(ctx))
    await networks.spend(requestOf(ctx))
    const secret = freshSecret()
    const redirectUri = callbackOf(deps.settings.issuer, client.channel.id)
    await deps.states.put(secret, { attempt: attempt.id, channel: client.channel.id }, stateSeconds)
    redirectTo(ctx, client.authorizeUrl({ state: secret, redirectUri }))
  })
}

/** @throws Refusal `not_found` for a channel that this login does not have, or that has no page of the vendor */
function usable({ channels }: ChannelDeps, attempt: Attempt, id: string) {
  const client = channels.client(id)
  if (!client?.authorizeUrl || !mayUse(client.channel, attempt)) throw new Refusal('not_found', 'no such channel here')
  return client as ChannelClient & Required<Pick<ChannelClient, 'authorizeUrl'>>
}

/**
 * GET /channel/<id>/callback: the vendor sends the browser back, on some phones twice (channels.md 1). The browser of the login comes
 * first of all: another one neither uses the state up nor learns of it. A code is exchanged once; the same code, from the same browser,
 * gets the same answer for a minute.
 */
export function callbackRoute(router: Router, hostOf: () => LoginHost, deps: RedirectDeps): void {
  router.get('/channel/:id/callback', async (ctx) => {
    unseen(ctx)
    const host = hostOf()
    const secret = textOf(ctx, 'state')
    const found = await deps.states.read(secret)
    if (!found || found.channel !== idOf(ctx)) throw new Refusal('channel_expired', 'no such state of this channel')
    // the login is that of the state: this path is one for all logins
    ctx['params']['attempt'] = found.attempt
    const attempt = await host.attempt(ctx)
    requestOf(ctx).returnTo = pathOf(attempt)
    assertQuestion(attempt, 'login')
    const { channel } = usable(deps, attempt, found.channel)
    const code = textOf(ctx, channel.kind === 'alipay-h5' ? 'auth_code' : 'code')
    // the person went back at the vendor's page
    if (code === '') return redirectTo(ctx, pathOf(attempt))
    const hashed = hashId(code)
    if (await isFirst(deps.states, secret, hashed)) return first(deps, host, ctx, { attempt, secret, code, found })
    return again(deps.states, host, ctx, { attempt, secret, hashed })
  })
}

const textOf = (ctx: RouterContext, key: string) => {
  const value = ctx.query[key]
  return typeof value === 'string' && value.length <= 512 ? value : ''
}

/** True for one of all arrivals: by compare-and-set, before the vendor is asked. */
const isFirst = (states: States, secret: string, code: string) =>
  states.update<boolean>(secret, (before) =>
    before && before.code === undefined ? { value: { ...before, code }, result: true } : { result: false },
  )

interface First {
  attempt: Attempt
  secret: string
  code: string
  found: State
}

async function first(
  deps: RedirectDeps,
  host: LoginHost,
  ctx: RouterContext,
  { attempt, secret, code, found }: First,
): Promise<void> {
  const client = usable(deps, attempt, found.channel)
  const answered = { attempt, channel: client.channel, answer: await client.identify(code) }
  const { refusal } = await arrive(deps, host, ctx, answered)
  const answer = refusal === undefined ? { to: ctx.response.get('location') } : { refusal }
  const keep = (before: State | undefined) =>
    before ? { value: { ...before, ...answer }, result: undefined } : { result: undefined }
  await deps.states.update<undefined>(secret, keep, answeredSeconds)
}

/** @throws Refusal `channel_expired` for another code, or where the first arrival never ended */
async function again(
  states: States,
  host: LoginHost,
  ctx: RouterContext,
  { attempt, secret, hashed }: { attempt: Attempt; secret: string; hashed: string },
): Promise<void> {
  const isSettled = (one: State | undefined) => !one || one.to !== undefined || one.refusal !== undefined
  const known = await readUntil(() => states.read(secret), isSettled, { most: longestFirst })
  if (known?.code !== hashed) throw new Refusal('channel_expired', 'another code for a state that was used')
  if (known.to !== undefined) return redirectTo(ctx, known.to)
  if (known.refusal === undefined) throw new Refusal('channel_expired', 'the first arrival never ended')
  await host.refuse(ctx, { method: name, code: known.refusal })
  requestOf(ctx).returnTo = pathOf(attempt)
}
