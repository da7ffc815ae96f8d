import { z } from 'zod'
import { hasMiniProgram, identified, refusalOf } from '../../../channels/identified.ts'
import { nativePageLimit } from '../../../guards/native-pages.ts'
import { forProgram, readProgramDocument } from '../../../pages/program-answers.ts'
import { idOf } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { actorOf } from '../../actor.ts'
import type { Router, RouterContext } from '../../method.ts'
import { checkAad, findRunning, storeAtPhone, type Running } from './check-store.ts'
import { conclude, faceRequest, type CheckDeps } from './judge-check.ts'
import { countedFor } from './counted-for.ts'
import { idOfHandle, newTicket } from './native-handles.ts'

const asked = z.strictObject({ code: z.string().min(1).max(256), handle: z.string().max(200) })

/**
 * For the native page of a mini program: it shows whose phone it is by a code, and gets what it opens the vendor's camera with.
 * The verification is then for this user of the channel. Its address has a ticket, so a passed face counts only in the browser
 * that this phone brings back.
 */
export function nativeRoutes(router: Router, deps: CheckDeps): void {
  if (!hasMiniProgram(deps.channels)) return
  const networks = nativePageLimit(deps, deps.settings.limits.addressTries)

  router.post('/api/channel/:id/face', (ctx) =>
    forProgram(ctx, async () => {
      await networks.spend(requestOf(ctx))
      const { code, handle } = await readProgramDocument(ctx, asked)
      const { id, check, client } = await findAsked(deps, idOf(ctx), handle)
      const { openid } = (await identified(client, code)).ids
      if (openid === undefined) throw refusalOf('channel_misconfigured')
      ctx.body = await openAtPhone(deps, ctx, { id, check, openid })
    }),
  )
}

/** @throws Refusal `login_expired`, `too_many_requests`, `not_found` */
async function findAsked(
  { artifacts, blindIndex, limits, channels, clock }: CheckDeps,
  channel: string,
  handle: string,
) {
  const client = channels.client(channel)
  if (!client) throw new Refusal('not_found', 'no such channel')
  const id = idOfHandle(blindIndex, handle)
  const check = id === undefined ? undefined : await findRunning(artifacts, id)
  if (
    id === undefined ||
    check?.native?.channel !== channel ||
    check.native.ticket !== undefined ||
    clock() > check.until
  )
    throw new Refusal('login_expired', 'no face verification waits for this native page')
  if (!(await limits.atPhone(id))) throw new Refusal('too_many_requests', 'too many codes for one verification')
  return { id, check, client }
}

interface Asked {
  id: string
  check: Running
  openid: string
}

/** @throws Refusal `unavailable`, `login_expired` */
async function openAtPhone(deps: CheckDeps, ctx: RouterContext, { id, check, openid }: Asked) {
  const { artifacts, cipher, persons, faceConsents, faceVerifiers, clock } = deps
  const { who, purpose, holder, returnUrl } = check
  const verifier = faceVerifiers(purpose).find(({ name }) => name === check.verifier)
  const person = await persons.find(who)
  // name and number leave the server here: the consent may have been withdrawn since
  if (!verifier?.atPhone || person?.status !== 'active' || !(await faceConsents.given(person.id)))
    throw new Refusal('login_expired', 'the verification is over')
  const by = actorOf(ctx)
  const checked = { who, person, purpose, holder, counted: countedFor(deps, person) }
  const begun = await verifier.atPhone(faceRequest(deps, checked, { id, returnUrl }, by), openid)
  if (begun.kind === 'ended') {
    await conclude(deps, checked, verifier.name, begun.result, by)
    throw new Refusal('unavailable', 'the vendor begins no verification')
  }
  const { ticket, hash } = newTicket()
  const sealed = cipher.seal(begun.state, checkAad(id))
  if (!(await storeAtPhone(artifacts, id, { sealed, ticket: hash })))
    throw new Refusal('login_expired', 'another native page was faster, or the verification is over')
  const seconds = Math.floor((check.until - clock()) / 1000)
  return { verify_id: begun.verifyId, address: `${returnUrl}&t=${ticket}`, expires_in: seconds }
}
