import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Consents } from '../accounts/consents.ts'
import { maskName, maskPhone } from '../accounts/identifiers/masking.ts'
import type { LegalPersons } from '../accounts/legal-persons.ts'
import { mayMerge, type Merging } from '../accounts/merging.ts'
import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import type { UpstreamLinks } from '../accounts/upstream-links.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clients } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, AccountHost, RouterContext } from '../login/method.ts'
import { doneOf, idOf, redirectTo } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { makeWrittenCode, readWrittenCode } from '../text/written-codes.ts'
import { ownClientId } from './own-client.ts'
import { portalNames } from './portal-names.ts'
import type { SessionMemoryDeps } from './session-memory.ts'

export interface MergingRoomDeps extends SessionMemoryDeps {
  centre: AccountHost
  merging: Merging
  persons: NaturalPersons
  upstreams: { list(): readonly { id: string; name: string }[] }
  upstreamLinks: Pick<UpstreamLinks, 'of'>
  legalPersons: LegalPersons
  consents: Consents
  clients: Clients
  sessions: Sessions
  audit: AuditLog
  clock: Clock
}

const room = '/account/merging'
const route = { back: room, needs: 'change-authenticators' } as const
const mergeKind = 'account-merge'
const seconds = 900
/** 12 of 23 signs are 54 bits. */
const codeLength = 12

/** A merge that waits: `from` is there once its own person has agreed, from inside that account. */
const schema = z.object({ into: z.string(), from: z.string().optional() })
type Merge = z.infer<typeof schema>

/** The code that an account made. It belongs to the account: signing in to the other one ends the session in this browser. */
const ownKind = 'account-merge-code'

const keyOf = (code: string) => createHash('sha256').update(code.replaceAll('-', '')).digest('base64url')

/**
 * Two accounts of one person. The account that stays makes a code, the other one agrees by it, and the first one decides: so
 * the person has signed in to both, freshly.
 */
export function mergingRoutes(router: AccountRouter, deps: MergingRoomDeps): void {
  const { centre, artifacts } = deps

  router.get(room, 'change-authenticators', (ctx, account) => show(deps, ctx, account))

  router.post(`${room}/code`, route, async (ctx, account) => {
    if (account.person.identityLevel < 3) throw new Refusal('not_found', 'a code needs level 3')
    const code = makeWrittenCode(codeLength)
    await artifacts.put(mergeKind, keyOf(code), JSON.stringify({ into: account.person.id } satisfies Merge), {
      ttl: seconds,
    })
    const { id } = account.person
    await artifacts.put(ownKind, id, deps.cipher.seal(code, `${ownKind}:${id}`), { ttl: seconds })
    redirectTo(ctx, room)
  })

  // the other account: the code leads to the question
  router.post(`${room}/join`, route, async (ctx, account) => {
    const typed = requestOf(ctx).form['code'] ?? ''
    const code = readWrittenCode(typed, codeLength)
    const merge = code && (await intoOf(deps, keyOf(code), account.person))
    if (!code || !merge) return show(deps, ctx, account, typed.trim() ? 'merge_code' : 'merge_missing')
    return redirectTo(ctx, `${room}/join/${keyOf(code)}`)
  })

  router.lose(
    `${room}/join/:id`,
    {
      ...route,
      async ask(ctx, { person }) {
        const found = await intoOf(deps, idOf(ctx), person)
        if (!found) throw new Refusal('not_found', 'no merge waits for this account')
        return { kind: 'merge', facts: await movingOf(deps, ctx, person) }
      },
    },
    async (ctx, account) => {
      const { person } = account
      const found = await intoOf(deps, idOf(ctx), person)
      if (!found) throw new Refusal('not_found', 'no merge waits for this account')
      const agreed = JSON.stringify({ into: found.into.id, from: person.id } satisfies Merge)
      if (!(await artifacts.compareAndSet(mergeKind, idOf(ctx), found.text, agreed)))
        throw new Refusal('not_found', 'the merge has changed')
      await centre.show(ctx, account, 'account/merging', { step: 'agreed', problem: '', done: '', code: '' })
    },
  )

  router.lose(
    `${room}/finish`,
    {
      ...route,
      async ask(ctx, account) {
        const from = await agreedOf(deps, account)
        if (from) return { kind: 'merge_finish', facts: await factsOf(deps, ctx, from) }
        redirectTo(ctx, room)
        return undefined
      },
    },
    (ctx, account) => finish(deps, ctx, account),
  )
}

async function ownCodeOf({ artifacts, cipher }: MergingRoomDeps, { person }: AccountContext) {
  const sealed = await artifacts.get(ownKind, person.id)
  return sealed === undefined ? undefined : cipher.open(sealed, `${ownKind}:${person.id}`)
}

async function show(deps: MergingRoomDeps, ctx: RouterContext, account: AccountContext, problem = '') {
  const code = await ownCodeOf(deps, account)
  const step = (await agreedOf(deps, account)) ? 'finish' : stepOf(account.person, code)
  const data = { step, problem, code: code ?? '', done: doneOf(ctx, ['merged']) }
  await deps.centre.show(ctx, account, 'account/merging', data, problem ? 400 : 200)
}

/** A proven account stays; another one has the code of the account that stays. */
const stepOf = ({ identityLevel }: NaturalPerson, code: string | undefined) => {
  if (identityLevel < 3) return 'other'
  return code === undefined ? 'start' : 'code'
}

/** The account that waits for this one, with the text of the merge in the store. */
async function intoOf(deps: MergingRoomDeps, id: string, from: NaturalPerson) {
  const text = await deps.artifacts.get(mergeKind, id)
  if (text === undefined) return undefined
  const merge = schema.parse(JSON.parse(text))
  const into = await deps.persons.find(merge.into)
  if (!into || merge.from !== undefined || !mayMerge(into, from, deps.clock())) return undefined
  const represented = await deps.legalPersons.represented(from.id)
  return represented.length > 0 ? undefined : { text, into }
}

/** The account that has agreed to be merged into the one of this session. */
async function agreedOf(deps: MergingRoomDeps, account: AccountContext): Promise<NaturalPerson | undefined> {
  const code = await ownCodeOf(deps, account)
  const text = code === undefined ? undefined : await deps.artifacts.get(mergeKind, keyOf(code))
  if (text === undefined) return undefined
  const { into, from } = schema.parse(JSON.parse(text))
  const other = from === undefined ? undefined : await deps.persons.find(from)
  return other && into === account.person.id && mayMerge(account.person, other, deps.clock()) ? other : undefined
}

async function finish(deps: MergingRoomDeps, ctx: RouterContext, account: AccountContext) {
  const from = await agreedOf(deps, account)
  // exactly one of several forms goes on
  if (!from || (await deps.artifacts.take(ownKind, account.person.id)) === undefined) return redirectTo(ctx, room)
  const portals = await portalIds(deps, from)
  const merged = await deps.merging.merge({ into: account.person.id, from: from.id, portals }, actorOf(ctx))
  if (!merged) return redirectTo(ctx, room)
  await deps.sessions.removeEnded(from.id)
  return redirectTo(ctx, `${room}?done=merged`)
}

/** The portals that know an account: it entered them, or agreed to give them something. */
async function portalIds({ consents, audit }: MergingRoomDeps, { id }: NaturalPerson): Promise<string[]> {
  const known = [...(await consents.list(id)), ...(await audit.lastEntered(id))].map(({ clientId }) => clientId)
  return [...new Set(known)].filter((clientId) => clientId !== ownClientId)
}

async function portalsOf(deps: MergingRoomDeps, ctx: RouterContext, person: NaturalPerson): Promise<string> {
  const request = requestOf(ctx)
  const ids = await portalIds(deps, person)
  const nameOf = await portalNames(deps.clients, ids, request.language)
  return ids.map(nameOf).filter(Boolean).join(request.t('common.between'))
}

/** What the question names of the account that will be closed. */
async function factsOf(deps: MergingRoomDeps, ctx: RouterContext, from: NaturalPerson) {
  const name = maskName(deps.persons.open(from, 'name'))
  const account = `${name} ${maskPhone(deps.persons.open(from, 'phone'))}`
  return { account, ...(await movingOf(deps, ctx, from)) }
}

/** What moves to the account that stays: the portals that know the other one, and its linked accounts. */
async function movingOf(deps: MergingRoomDeps, ctx: RouterContext, from: NaturalPerson) {
  const request = requestOf(ctx)
  const portals = await portalsOf(deps, ctx, from)
  const names = new Map(deps.upstreams.list().map(({ id, name }) => [id, name]))
  const linked = (await deps.upstreamLinks.of(from.id)).map(({ upstream }) => names.get(upstream) ?? upstream)
  const links = [...new Set(linked)].join(request.t('common.between'))
  return { ...(portals ? { portals } : {}), ...(links ? { links } : {}) }
}
