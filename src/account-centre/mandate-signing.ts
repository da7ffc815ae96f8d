import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Acted, Mandates, Offering, SignedAct, Sign } from '../accounts/mandates/mandates.ts'
import { Outdated } from '../accounts/mandates/store.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, AccountContext, RouterContext } from '../login/method.ts'
import type { Signatures } from '../login/methods/passkey/signing.ts'
import { redirectTo } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { mandateData } from './mandate-pages.ts'

export interface SigningDeps {
  mandates: Mandates
  signatures: Signatures
  artifacts: Artifacts
  cipher: FieldCipher
}

const kind = 'mandate-signing'
export const signPath = '/account/mandates/sign'
const pendingSeconds = 300

const offering = z.object({
  id: z.string(),
  role: z.enum(['manager', 'handler', 'helper']),
  matters: z.array(z.string()).readonly(),
  notBefore: z.number(),
  expiresAt: z.number(),
  invitee: z.object({ name: z.string(), key: z.string(), needsCode: z.boolean() }),
})

const pendingSchema = z.object({
  text: z.string(),
  act: z.discriminatedUnion('type', [
    z.object({ type: z.literal('offer'), principalId: z.string(), offering }),
    z.object({ type: z.literal('accept'), id: z.string() }),
    z.object({ type: z.literal('confirm'), id: z.string() }),
  ]),
})

type Pending = z.infer<typeof pendingSchema>

/** Giving and taking mandates: at once, or signed by passkey where the person has one. */
export interface MandateSigning {
  /** Does it, or sends the browser to where it is signed; then undefined. */
  begin(ctx: RouterContext, account: AccountContext, act: Wished): Promise<Acted | undefined>
  /** Shows what waits to be signed, in words and to the letter. @throws Refusal `login_expired`, `busy` */
  show(ctx: RouterContext, account: AccountContext): Promise<void>
  /** What the browser signs what is pending by. @throws Refusal `login_expired` */
  options(account: AccountContext): Promise<object>
  /** Does what was signed; undefined where the page asks again. @throws Refusal `login_expired` */
  finish(ctx: RouterContext, account: AccountContext): Promise<{ act: SignedAct; acted: Acted } | undefined>
}

type Wished = Exclude<SignedAct, { type: 'offer' }> | { type: 'offer'; principalId: string; offering: Offering }

export function createMandateSigning(centre: AccountHost, deps: SigningDeps): MandateSigning {
  const { mandates, signatures, artifacts, cipher } = deps
  const holderOf = ({ session, person }: AccountContext) => `${session.uid} ${person.id}`
  const signerOf = ({ session, person }: AccountContext) => ({ sessionUid: session.uid, personId: person.id })

  const aad = (holder: string) => `${kind}:${holder}`

  async function keep(account: AccountContext, pending: Pending) {
    const holder = holderOf(account)
    const sealed = cipher.seal(JSON.stringify(pending), aad(holder))
    await artifacts.put(kind, holder, sealed, { ttl: pendingSeconds })
  }

  async function kept(account: AccountContext): Promise<Pending> {
    const holder = holderOf(account)
    const sealed = await artifacts.get(kind, holder)
    if (sealed === undefined) throw new Refusal('login_expired', 'nothing waits to be signed')
    return pendingSchema.parse(JSON.parse(cipher.open(sealed, aad(holder))))
  }

  function carryOut(ctx: RouterContext, { person }: AccountContext, act: SignedAct, sign?: Sign): Promise<Acted> {
    const by = actorOf(ctx)
    if (act.type === 'offer') return mandates.offer(act.principalId, person, act.offering, by, sign)
    if (act.type === 'accept') return mandates.accept(act.id, person, by, sign)
    return mandates.confirm(act.id, person, by, sign)
  }

  /** Keeps what is to be signed and sends the browser to the page that asks. */
  async function ask(ctx: RouterContext, account: AccountContext, act: SignedAct): Promise<Acted | undefined> {
    const preview = await mandates.preview(act, account.person, actorOf(ctx))
    if (!preview.ok) return preview
    await keep(account, { text: preview.text, act })
    redirectTo(ctx, signPath)
    return undefined
  }

  async function show(ctx: RouterContext, account: AccountContext, refused: boolean): Promise<void> {
    const { act, text } = await kept(account)
    const preview = await mandates.preview(act, account.person, actorOf(ctx))
    // what the form could have mended was looked at before: meanwhile something changed
    if (!preview.ok || preview.text !== text) throw new Refusal('busy', 'what was to be signed has changed')
    const data = {
      act: act.type,
      mandate: mandateData(preview.mandate, requestOf(ctx).language),
      principal: preview.principal.name,
      to: act.type === 'offer' ? act.offering.invitee.name : '',
      text,
      refused,
    }
    await centre.show(ctx, account, 'account/mandate-sign', data, refused ? 400 : 200)
  }

  return {
    async begin(ctx, account, wished) {
      const act: SignedAct =
        wished.type === 'offer' ? { ...wished, offering: { ...wished.offering, id: randomUUID() } } : wished
      if (await signatures.canSign(account.person.id)) return ask(ctx, account, act)
      return carryOut(ctx, account, act)
    },

    show: (ctx, account) => show(ctx, account, false),
    options: async (account) => signatures.begin(signerOf(account), (await kept(account)).text),

    async finish(ctx, account) {
      const { act, text } = await kept(account)
      const answer = requestOf(ctx).form['response'] ?? ''
      const signed = await signatures.finish(signerOf(account), text, answer, actorOf(ctx))
      if (!signed.ok) {
        await show(ctx, account, true)
        return undefined
      }
      await artifacts.remove(kind, holderOf(account))
      const acted = await carryOut(ctx, account, act, (now) => {
        if (now !== text) throw new Outdated('something else was signed')
        return signed.proof
      })
      return { act, acted }
    },
  }
}
