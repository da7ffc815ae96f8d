import { createHash } from 'node:crypto'
import { readIdentity, valueAt } from './identity.ts'
import { kindOptions, type OAuth2Options as Options } from './kind-options.ts'
import { callbackOf, type KindDeps } from './kind-deps.ts'
import { askUpstream, isCode, parseAnswer, withParameters, type UpstreamRequest } from './upstream-call.ts'
import type {
  UpstreamAnswer,
  UpstreamClient,
  UpstreamFailure,
  UpstreamReturn,
  UpstreamStep,
} from './upstream-client.ts'
import type { Upstream } from './upstreams.ts'
import { within } from './within.ts'

/** What a row of this kind has for certain. */
interface Registered {
  authorize: string
  token: string
  user: string
  clientId: string
  secret: string
}

type Answered = { answer: object } | { failure: UpstreamFailure }

/**
 * An OAuth 2.0 of its own: what RFC 6749 leaves open, or what the system does in its own way, is data (kind-options.ts).
 * An answer counts only for the code of its own step.
 */
export function createOAuth2Upstream(upstream: Upstream, { fetch, clock, issuer }: KindDeps): UpstreamClient {
  const options = kindOptions.oauth2.parse(upstream.options)
  const { addresses, clientId = '', secret = '' } = upstream
  const { authorize = '', token = '', user = '' } = addresses ?? {}
  const registered = { authorize, token, user, clientId, secret }
  const ask = async (request: UpstreamRequest): Promise<Answered> => {
    const answered = await askUpstream(fetch, request, options.charset)
    return 'failure' in answered ? answered : read(answered, options)
  }

  async function exchange(
    code: string,
    step: Pick<UpstreamStep, 'callback' | 'state' | 'verifier'>,
  ): Promise<Answered> {
    const answered = await ask(tokenRequest(registered, options, code, step))
    if ('failure' in answered) return answered
    const accessToken = valueAt(answered.answer, options.accessTokenAt)
    if (typeof accessToken !== 'string' || !isCode(accessToken)) return { failure: 'answer_invalid' }
    const person = await ask(userRequest(user, options, accessToken))
    // the code was right, so the registration lacks the right to read the person
    return 'failure' in person && person.failure === 'code_refused' ? { failure: 'misconfigured' } : person
  }

  async function identify(step: UpstreamStep, returned: UpstreamReturn): Promise<UpstreamAnswer> {
    const { error, [options.codeName]: code } = returned
    // a stranger may have written it, so its text decides nothing
    if (error !== undefined) return { failure: 'declined' }
    if (!isCode(code)) return { failure: 'code_refused' }
    const answered = await exchange(code, step)
    if ('failure' in answered) return answered
    const identity = isPerson(answered.answer, options)
      ? readIdentity(upstream, answered.answer, new Date(clock()))
      : undefined
    return identity ? { identity } : { failure: 'answer_invalid' }
  }

  return {
    upstream,
    async begin(step) {
      const parameters = {
        response_type: 'code',
        [options.clientIdName]: clientId,
        [options.redirectName]: redirectUri(step, options),
        ...(upstream.scope === undefined ? {} : { scope: upstream.scope }),
        ...(options.state === 'returned' ? { state: step.state } : {}),
        ...(options.pkce ? { code_challenge: challengeOf(step.verifier), code_challenge_method: 'S256' } : {}),
      }
      return { url: withParameters(authorize, parameters).href }
    },
    // a state that is missing counts as a wrong one, unless the row says that it gets lost
    stateOf: ({ state = '' }) => (options.state === 'dropped' ? undefined : state),
    identify: (step, returned) => within(identify(step, returned)).catch(() => late),
    async check() {
      const step = { callback: callbackOf({ issuer }, upstream), state: 'check', verifier: 'check'.repeat(10) }
      const answered = await within(exchange('yideng-check', step)).catch(() => late)
      const failure = 'failure' in answered ? answered.failure : 'answer_invalid'
      return failure === 'code_refused' ? { ok: true } : { ok: false, failure }
    },
  }
}

const late = { failure: 'unavailable' as const }

const redirectUri = ({ callback, state }: Pick<UpstreamStep, 'callback' | 'state'>, options: Options) =>
  options.state === 'path' ? `${callback}/${state}` : callback

/** RFC 7636, 4.2. */
const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url')

function tokenRequest(
  { token, clientId, secret }: Registered,
  options: Options,
  code: string,
  step: Pick<UpstreamStep, 'callback' | 'state' | 'verifier'>,
): UpstreamRequest {
  const inHeader = options.secretIn === 'header'
  const parameters = {
    grant_type: 'authorization_code',
    [options.clientIdName]: clientId,
    [options.codeName]: code,
    [options.redirectName]: redirectUri(step, options),
    ...(inHeader ? {} : { [options.secretName]: secret }),
    ...(options.pkce ? { code_verifier: step.verifier } : {}),
  }
  // RFC 6749, 2.3.1: both are form-encoded first
  const basic = [clientId, secret].map(encodeURIComponent).join(':')
  const headers = inHeader ? { authorization: `Basic ${Buffer.from(basic).toString('base64')}` } : {}
  return requestOf(options.tokenMethod, token, parameters, headers)
}

function userRequest(user: string, options: Options, accessToken: string): UpstreamRequest {
  const inHeader = options.accessTokenIn === 'header'
  const parameters = inHeader ? {} : { [options.accessTokenName]: accessToken }
  return requestOf(options.userMethod, user, parameters, inHeader ? { authorization: `Bearer ${accessToken}` } : {})
}

function requestOf(
  method: UpstreamRequest['method'],
  address: string,
  parameters: Record<string, string>,
  headers: Record<string, string>,
): UpstreamRequest {
  const accept = { ...headers, accept: 'application/json' }
  if (method === 'GET') return { url: withParameters(address, parameters), method, headers: accept }
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams(parameters).toString()
  return { url: new URL(address), method, headers: { ...accept, ...type }, body }
}

/** Old systems answer errors with 200 too, so the document decides before the status. */
function read({ status, text }: { status: number; text: string }, options: Options): Answered {
  const answer = parseAnswer(text)
  const error = answer && valueAt(answer, options.errorAt)
  if (typeof error === 'string' && error !== '' && error !== '0') {
    const isOurs = options.registrationErrors.split(',').includes(error)
    return { failure: isOurs ? 'misconfigured' : 'code_refused' }
  }
  if (status === 401 || status === 403 || status === 404) return { failure: 'misconfigured' }
  if (status === 400) return { failure: 'code_refused' }
  return answer && status === 200 ? { answer } : { failure: 'unavailable' }
}

/** An account of a company is no person, although it has a subject. */
function isPerson(answer: object, { personOnlyIf }: Options): boolean {
  if (personOnlyIf === undefined) return true
  const [path = '', value] = personOnlyIf.split('=')
  return valueAt(answer, path) === value
}
