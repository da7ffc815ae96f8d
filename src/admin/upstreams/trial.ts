import { randomBytes } from 'node:crypto'
import type { Clock } from '../../config/clock.ts'
import { callbackOf } from '../../upstreams/kind-deps.ts'
import type { UpstreamClient, UpstreamFailure, UpstreamStep } from '../../upstreams/upstream-client.ts'
import type { UpstreamFetch } from '../../upstreams/upstream-fetch.ts'
import type { Check } from '../outcome.ts'

/** What a trial sign-in needs. */
export interface Trial {
  client: UpstreamClient
  fetch: UpstreamFetch
  clock: Clock
  /** Our own. */
  issuer: string
}

export const ok = (what: string, finding: string): Check => ({ state: 'ok', what, finding })
export const warn = (what: string, finding: string, todo: string): Check => ({ state: 'warn', what, finding, todo })
export const fail = (what: string, finding: string, todo: string): Check => ({ state: 'fail', what, finding, todo })

/** A step with fresh values, which no browser ends. */
export const newStep = ({ client, issuer }: Trial): UpstreamStep => ({
  callback: callbackOf({ issuer }, client.upstream),
  state: randomBytes(20).toString('hex'),
  nonce: randomBytes(20).toString('hex'),
  verifier: randomBytes(32).toString('hex'),
  level: 2,
})

/** The first remedy of each failure. */
const remedies: Readonly<Record<UpstreamFailure, string>> = {
  misconfigured:
    'compare the id, the secret and our address with the registration at the upstream; addresses inside need YIDENG_OUTBOUND_NETWORKS',
  unavailable: 'ask the upstream whether it works, and check the network and the firewall between the two machines',
  answer_invalid: 'compare the issuer and the names of the fields with the document of the upstream',
  code_refused: 'the upstream refuses each code: compare the kind with its document',
  declined: 'ask the upstream why it refuses this registration',
}

/** A page of the upstream by GET, without cookies; undefined where no answer comes. */
export const open = (fetch: UpstreamFetch, url: string): Promise<Response | undefined> =>
  fetch(url, { method: 'GET', headers: { accept: 'text/html' } }).catch(() => undefined)

/** The page that asks the person: it must answer to our request. */
export async function authorizePage(trial: Trial): Promise<Check> {
  const what = 'sign-in page'
  const { client, fetch, clock } = trial
  const step = newStep(trial)
  const begun = await client.begin(step)
  if ('failure' in begun) return fail(what, `no address: ${begun.failure}`, remedies[begun.failure])
  const began = clock()
  const answer = await open(fetch, begun.url)
  if (!answer) return fail(what, 'the page does not answer', remedies.unavailable)
  const leads = answer.headers.get('location') ?? ''
  const error = leads.startsWith(step.callback) ? new URL(leads).searchParams.get('error') : null
  if (answer.status >= 400 || error !== null) {
    const finding = error === null ? `the page answers with status ${answer.status}` : `the page answers with ${error}`
    return fail(what, finding, `register ${step.callback} at the upstream, and compare the client id and the scope`)
  }
  return ok(what, `answers in ${clock() - began} ms`)
}

/** The upstream must refuse a code that it never gave, after it accepted our id and secret. */
export async function wrongCode({ client, clock }: Trial): Promise<Check> {
  const what = 'wrong code'
  const began = clock()
  const answer = await client.check()
  if (answer.ok) return ok(what, `is refused, and the registration is accepted, in ${clock() - began} ms`)
  return fail(what, `the answer is ${answer.failure}`, remedies[answer.failure])
}
