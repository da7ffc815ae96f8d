import { readDocumentNumbers } from '../../../accounts/identifiers/documents.ts'
import { parsePhone } from '../../../accounts/identifiers/phones.ts'
import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import { byText } from '../../../accounts/phone-proofs.ts'
import type { TextWait } from '../../../guards/phone-codes/phone-codes.ts'
import { typedCode, waitProblem } from '../../../guards/phone-codes/typed-code.ts'
import { redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import type { Hands } from '../../../proofing/recycled-numbers.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { actorOf } from '../../actor.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { CreateMethod } from '../../method-services.ts'
import type { LoginHost, LoginMethod, RouterContext } from '../../method.ts'
import { raiseRoutes, raisesLevel, showsPossession } from './raise.ts'
import { showCode, showPhone, showWho } from './pages.ts'
import { amr, name, type SmsDeps } from './sms-deps.ts'
import { createSmsStates } from './state.ts'

/** A code by text is one weak factor: it signs in where level 2 is enough, and never an administrator. */
const offered = ({ needed }: Attempt) => needed === 2

/** Undefined where the settings have no sender. */
export const createMethod: CreateMethod = (services) => {
  if (services.settings.phone.sender === 'none') return undefined
  const deps: SmsDeps = { ...services, states: createSmsStates(services) }
  const method: LoginMethod = {
    name,
    offered,
    raises: (attempt) => raisesLevel(deps, attempt),
    showsPossession: (who) => showsPossession(deps, who),
    routes(router, host) {
      raiseRoutes(router, host, deps)
      router.get('/', async (ctx) => showPhone(ctx, await attemptOf(host, ctx), ''))
      router.post('/', async (ctx) => takePhone(deps, ctx, await attemptOf(host, ctx)))
      router.get('/code', async (ctx) => withNumber(deps, ctx, host, showCode))
      router.post('/code', async (ctx) => withNumber(deps, ctx, host, takeCode(deps, host)))
      router.post('/again', async (ctx) => withNumber(deps, ctx, host, sendAgain(deps)))
      router.get('/who', async (ctx) => withNumber(deps, ctx, host, showWho))
      router.post('/who', async (ctx) => withNumber(deps, ctx, host, takeDocument(deps, host)))
    },
  }
  return method
}

/** @throws Refusal `login_expired`, `sms_refused` where this login does not offer texts */
async function attemptOf(host: LoginHost, ctx: RouterContext): Promise<Attempt> {
  const attempt = await host.attempt(ctx)
  assertQuestion(attempt, 'login')
  if (!offered(attempt) || attempt.client.administers) throw new Refusal('sms_refused', 'a text is too weak here')
  return attempt
}

type Step = (ctx: RouterContext, attempt: Attempt, phone: string) => unknown

/** Runs a step for the number that was typed in this login; without one, the number is asked for. */
async function withNumber({ states }: SmsDeps, ctx: RouterContext, host: LoginHost, step: Step): Promise<void> {
  const attempt = await attemptOf(host, ctx)
  const state = await states.read(attempt.id)
  requestOf(ctx).returnTo = pathOf(attempt, state ? `${name}/code` : name)
  if (state) await step(ctx, attempt, state.phone)
  else redirectTo(ctx, pathOf(attempt, name))
}

/** What a code is for: this login, this browser, this number. */
const codeFor = (ctx: RouterContext, attempt: Attempt, phone: string) => ({
  purpose: 'sign-in' as const,
  act: attempt.id,
  browser: requestOf(ctx).device(),
  phone,
})

/** A code is wanted for this number; document numbers are the readings of one that was typed with it. */
interface Wanted {
  phone: string
  documents: readonly string[]
}

/** Others may have used up the texts of this number; the document number, which they do not know, has counts of its own. */
const mayHelp = ({ by }: TextWait) => by === 'number' || by === 'prefix'

/**
 * Sends a code where the number is the proven number of an account that may sign in by it. The work before the answer, the answer,
 * and what is stored are the same for every number.
 */
async function send(
  { persons, methodLocks, phoneCodes }: SmsDeps,
  ctx: RouterContext,
  attempt: Attempt,
  { phone, documents }: Wanted,
) {
  const holders = await persons.provenHolders(phone)
  const [only, second] = holders
  const fits = (person: NaturalPerson | undefined) =>
    documents.some((value) => persons.isOnRecord(person, { kind: 'document', value }))
  // the same work for a number without a holder
  const known = [...holders, undefined].filter(fits).length > 0
  const locked = await methodLocks.locked(second ? '' : (only?.id ?? ''), name)
  return phoneCodes.send(ctx, {
    ...codeFor(ctx, attempt, phone),
    portal: attempt.portal.name,
    personId: second ? undefined : only?.id,
    document: documents.length > 0 ? documents.join(' ') : undefined,
    deliver: holders.some(({ status }) => status === 'active') && !locked && (documents.length === 0 || known),
  })
}

async function takePhone(deps: SmsDeps, ctx: RouterContext, attempt: Attempt): Promise<void> {
  const typed = (requestOf(ctx).form['phone'] ?? '').trim()
  requestOf(ctx).returnTo = pathOf(attempt, name)
  if (!typed) return showPhone(ctx, attempt, typed, { code: 'missing' })
  const parsed = parsePhone(typed)
  if (!parsed.ok) return showPhone(ctx, attempt, typed, { code: 'malformed' })
  if (!deps.phoneCodes.reaches(parsed.phone)) return showPhone(ctx, attempt, typed, { code: 'country' })
  const document = (requestOf(ctx).form['document_number'] ?? '').trim()
  const documents = readDocumentNumbers(document).map(({ number }) => number)
  if (document && documents.length === 0) return showPhone(ctx, attempt, typed, { code: 'document_malformed' }, true)
  const wait = await send(deps, ctx, attempt, { phone: parsed.phone, documents })
  if (wait) return showPhone(ctx, attempt, typed, waitProblem(ctx, wait), mayHelp(wait))
  await deps.states.begin(attempt.id, parsed.phone)
  return redirectTo(ctx, pathOf(attempt, `${name}/code`))
}

const sendAgain =
  (deps: SmsDeps): Step =>
  async (ctx, attempt, phone) => {
    const wait = await send(deps, ctx, attempt, { phone, documents: [] })
    if (wait) return showCode(ctx, attempt, phone, waitProblem(ctx, wait))
    return redirectTo(ctx, `${pathOf(attempt, `${name}/code`)}?sent=again`)
  }

const takeCode =
  (deps: SmsDeps, host: LoginHost): Step =>
  async (ctx, attempt, phone) => {
    const { persons, phoneProofs, phoneCodes, states } = deps
    const typed = typedCode(ctx)
    if (!typed) return showCode(ctx, attempt, phone, { code: 'code_missing' })
    const checked = await phoneCodes.check(codeFor(ctx, attempt, phone), typed)
    if (checked !== 'right') return showCode(ctx, attempt, phone, { code: `code_${checked}` })
    const before = await persons.provenHolders(phone)
    const hands = new Map<string, Hands>()
    for (const { id: personId } of before) hands.set(personId, await phoneProofs.checkHands({ personId, phone }))
    const [only, second] = await persons.provenHolders(phone)
    if (!only && before.length > 0) {
      await states.end(attempt.id)
      return showPhone(ctx, attempt, '', { code: 'recycled' })
    }
    if (only && !second) return signIn(deps, host, ctx, { attempt, person: only, phone, hands: hands.get(only.id) })
    if (!only) return host.refuse(ctx, { method: name, code: 'sign_in_refused' })
    await states.prove(attempt.id)
    return redirectTo(ctx, pathOf(attempt, `${name}/who`))
  }

/** Of several persons with one number, the document number says who signs in. */
const takeDocument =
  (deps: SmsDeps, host: LoginHost): Step =>
  async (ctx, attempt, phone) => {
    const { persons, phoneProofs, states } = deps
    const numbers = readDocumentNumbers(requestOf(ctx).form['document_number'] ?? '').map(({ number }) => number)
    if (numbers.length === 0) return showWho(ctx, attempt, phone, { code: 'document_malformed' })
    if (!(await states.mayTry(attempt.id))) {
      await states.end(attempt.id)
      return showPhone(ctx, attempt, '', { code: 'too_many' })
    }
    const holders = await persons.provenHolders(phone)
    const found = holders.filter((person) =>
      numbers.some((value) => persons.isOnRecord(person, { kind: 'document', value })),
    )
    const [person, second] = found
    if (!person || second) return showWho(ctx, attempt, phone, { code: 'document_other' })
    const hands = await phoneProofs.checkHands({ personId: person.id, phone })
    return signIn(deps, host, ctx, { attempt, person, phone, hands })
  }

async function signIn(
  { phoneProofs, states }: SmsDeps,
  host: LoginHost,
  ctx: RouterContext,
  {
    attempt,
    person,
    phone,
    hands,
  }: { attempt: Attempt; person: NaturalPerson; phone: string; hands?: Hands | undefined },
): Promise<void> {
  const { signedIn } = await host.succeed(ctx, {
    method: name,
    personId: person.id,
    amr,
    epoch: person.endings.epoch,
  })
  if (!signedIn) return
  await states.end(attempt.id)
  // the code is also a new proof of the number, unless the number may be another subscriber's: they would renew it for ever
  if (hands !== 'same') return
  const proof = { personId: person.id, phone, how: byText }
  await phoneProofs.recordAlone(proof, actorOf(ctx))
}
