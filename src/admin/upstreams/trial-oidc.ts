import { z } from 'zod'
import { usualScope } from '../../upstreams/oidc-client.ts'
import type { Check } from '../outcome.ts'
import { fail, newStep, ok, open, warn, type Trial } from './trial.ts'

const words = z.array(z.string()).optional()

const metadata = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  jwks_uri: z.string(),
  end_session_endpoint: z.string().optional(),
  scopes_supported: words,
  acr_values_supported: words,
  code_challenge_methods_supported: words,
  id_token_signing_alg_values_supported: words,
  authorization_response_iss_parameter_supported: z.boolean().optional(),
})

type Metadata = z.infer<typeof metadata>

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string(), use: z.string().optional() })) })

/** Tokens count for seconds around their times: a clock that is further off refuses people. */
const mostAheadMs = 30_000
const muchAheadMs = 5000

const wellKnown = '/.well-known/openid-configuration'

/** The checks of an OpenID Provider before its pages: document, clock, keys, and what it announces. */
export async function providerChecks(trial: Trial): Promise<Check[]> {
  const found = await discovery(trial)
  if (!('document' in found)) return [found]
  const { document, checks } = found
  return [
    ...checks,
    await keys(trial, document),
    ...announced(trial, document),
    await silentAnswer(trial, document),
    await signOut(trial, document),
  ]
}

async function discovery({ client, fetch, clock }: Trial): Promise<Check | { document: Metadata; checks: Check[] }> {
  const what = 'discovery document'
  const { issuer = '' } = client.upstream
  const began = clock()
  const answer = await open(fetch, `${issuer.replace(/\/$/, '')}${wellKnown}`)
  const address = 'compare issuer in YIDENG_UPSTREAMS with the address that the upstream gave you'
  if (!answer)
    return fail(what, `${issuer} does not answer`, 'check the name, then the network and the certificate with curl')
  if (answer.status !== 200) return fail(what, `${issuer} answers with status ${answer.status}`, address)
  const read = metadata.safeParse(await answer.json().catch(() => undefined))
  if (!read.success) {
    const field = read.error.issues[0]?.path.join('.') || 'JSON'
    return fail(what, `${issuer} gives a document without a usable ${field}`, address)
  }
  if (read.data.issuer !== issuer)
    return fail(
      what,
      `the document is of the issuer ${read.data.issuer}`,
      'write the issuer exactly so, with or without / at the end',
    )
  const taken = clock() - began
  return { document: read.data, checks: [ok(what, `answers in ${taken} ms`), clockOf(answer, began + taken / 2)] }
}

function clockOf(answer: Response, now: number): Check {
  const what = 'clock'
  const theirs = Date.parse(answer.headers.get('date') ?? '')
  // the header has whole seconds
  const ahead = Math.round((theirs + 500 - now) / 1000)
  if (Number.isNaN(theirs)) return ok(what, 'the answer has no time')
  const finding = ahead < 0 ? `the upstream is ${-ahead} s behind` : `the upstream is ${ahead} s ahead`
  const todo = 'set both clocks by NTP: tokens with a wrong time are refused'
  if (Math.abs(ahead) * 1000 > mostAheadMs) return fail(what, finding, todo)
  return Math.abs(ahead) * 1000 > muchAheadMs ? warn(what, finding, todo) : ok(what, finding)
}

async function keys({ fetch }: Trial, { jwks_uri: address }: Metadata): Promise<Check> {
  const what = 'keys'
  const answer = await open(fetch, address)
  const read = keySet.safeParse(await answer?.json().catch(() => undefined))
  const todo = 'ask the upstream to mend its key set: ID tokens cannot be verified without it'
  if (!read.success) return fail(what, `${address} gives no key set`, todo)
  const usable = read.data.keys.filter(({ kty, use = 'sig' }) => use === 'sig' && kty !== 'oct')
  return usable.length > 0 ? ok(what, `${usable.length} for signatures`) : fail(what, 'none is for signatures', todo)
}

/** What the document promises, compared with the row of the upstream. */
function announced({ client: { upstream } }: Trial, document: Metadata): Check[] {
  const { scope = usualScope, levels } = upstream
  const absent = (wanted: readonly string[], given: string[] | undefined) =>
    given === undefined ? [] : wanted.filter((one) => !given.includes(one))
  const scopes = absent(scope.split(' '), document.scopes_supported)
  const acrs = absent(Object.keys(levels), document.acr_values_supported)
  const checks: Check[] = []
  if (scopes.length > 0)
    checks.push(
      warn(
        'scope',
        `the upstream does not announce ${scopes.join(' ')}`,
        'compare scope with its document: fields may be missing',
      ),
    )
  if (acrs.length > 0)
    checks.push(
      warn(
        'levels',
        `the upstream does not announce ${acrs.join(' ')}`,
        'compare levels with its document: people may stay at level 2',
      ),
    )
  if (Object.keys(levels).length === 0)
    checks.push(
      warn(
        'levels',
        'the list has no levels of this upstream',
        'add levels to its row: without them each person has level 2',
      ),
    )
  if (!document.code_challenge_methods_supported?.includes('S256'))
    checks.push(warn('PKCE', 'the upstream announces no S256', 'ask it for PKCE: a stolen code is useless then'))
  return checks
}

/** A request without a page: the answer comes back at once, with our state, and with its issuer where that is announced. */
async function silentAnswer(trial: Trial, document: Metadata): Promise<Check> {
  const what = 'answer without a page'
  const step = newStep(trial)
  const begun = await trial.client.begin(step)
  const url = 'url' in begun ? new URL(begun.url) : undefined
  url?.searchParams.set('prompt', 'none')
  const answer = url && (await open(trial.fetch, url.href))
  const leads = answer?.headers.get('location') ?? ''
  if (!leads.startsWith(step.callback))
    return warn(
      what,
      'the upstream does not answer a request with prompt=none',
      'it is allowed, and the person sees one page more',
    )
  const given = new URL(leads).searchParams
  if (given.get('state') !== step.state)
    return fail(
      what,
      'the upstream does not return state',
      'ask the upstream to return it unchanged: sign-ins cannot end without it',
    )
  const promised = document.authorization_response_iss_parameter_supported === true
  if (promised && given.get('iss') !== document.issuer)
    return fail(
      what,
      'the answer has another issuer than the document announces',
      'ask the upstream to send iss as RFC 9207 says',
    )
  return ok(what, promised ? 'returns state and issuer' : 'returns state')
}

async function signOut({ client, fetch, issuer }: Trial, document: Metadata): Promise<Check> {
  const what = 'sign-out'
  const { end_session_endpoint: end } = document
  if (end === undefined)
    return warn(what, 'the upstream has no sign-out', 'tell people at shared computers to sign out there as well')
  const back = `${issuer}/upstream/${client.upstream.id}/signed-out`
  const address = await client.logoutUrl?.({}, { url: back, state: 'check' })
  const answer = address === undefined ? undefined : await open(fetch, address)
  if (!answer || answer.status >= 400)
    return warn(what, 'the upstream does not accept our sign-out', `register ${back} there as post_logout_redirect_uri`)
  return ok(what, 'is offered')
}
