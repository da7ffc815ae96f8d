import { readCasJson, readCasXml } from './cas-answer.ts'
import { readIdentity } from './identity.ts'
import { kindOptions } from './kind-options.ts'
import { callbackOf, type KindDeps } from './kind-deps.ts'
import { askUpstream, withParameters } from './upstream-call.ts'
import type { UpstreamClient, UpstreamStep } from './upstream-client.ts'
import type { Upstream } from './upstreams.ts'
import { within } from './within.ts'

/** Where CAS has the fields of a person, unless the row says otherwise. */
const usualClaims = {
  subject: 'user',
  name: 'attributes.name',
  phone: 'attributes.phone_number',
  documentType: 'attributes.id_type',
  documentNumber: 'attributes.id_number',
  level: 'attributes.acr',
}

/** CAS Protocol 3.0.3, 3.1.1: a server may take tickets of up to 256 characters. */
const ticketShape = /^ST-[\x21-\x7e]{1,253}$/

/**
 * A CAS server (CAS Protocol 3.0.3, 2.5). A ticket counts for one service, and the service has the state of one step: the
 * ticket of another step, or of another system, is refused by the server itself.
 */
export function createCasUpstream(upstream: Upstream, { fetch, clock, issuer }: KindDeps): UpstreamClient {
  const { format, charset } = kindOptions.cas.parse(upstream.options)
  const { login = '', validate = '', logout } = upstream.addresses ?? {}
  const map = { ...upstream, claims: { ...usualClaims, ...upstream.claims } }

  async function ask(service: string, ticket: string, renew = {}) {
    // servers before Apereo 5 refuse a parameter that they do not know
    const url = withParameters(validate, {
      service,
      ticket,
      ...renew,
      ...(format === 'json' ? { format: 'JSON' } : {}),
    })
    const answered = await askUpstream(fetch, { url, method: 'GET' }, charset)
    if ('failure' in answered) return answered
    if (answered.status !== 200) return { failure: 'misconfigured' as const }
    return format === 'json' ? readCasJson(answered.text) : readCasXml(answered.text)
  }

  async function identify(step: UpstreamStep, ticket: string | undefined) {
    // CAS sends a browser back without a ticket where the person did not sign in
    if (ticket === undefined) return { failure: 'declined' as const }
    if (!ticketShape.test(ticket)) return { failure: 'code_refused' as const }
    const answer = await ask(serviceOf(step), ticket, renewOf(step))
    if ('failure' in answer) return answer
    const identity = readIdentity(map, answer.success, new Date(clock()))
    return identity ? { identity } : { failure: 'answer_invalid' as const }
  }

  return {
    upstream,
    begin: async (step) => ({ url: withParameters(login, { service: serviceOf(step), ...renewOf(step) }).href }),
    stateOf: ({ state = '' }) => state,
    identify: (step, { ticket }) => within(identify(step, ticket)).catch(() => ({ failure: 'unavailable' })),
    async check() {
      const callback = callbackOf({ issuer }, upstream)
      const answer = await within(ask(serviceOf({ callback, state: 'check' }), 'ST-yideng-check')).catch(() => late)
      const failure = 'failure' in answer ? answer.failure : 'answer_invalid'
      return failure === 'code_refused' ? { ok: true } : { ok: false, failure }
    },
    ...(logout === undefined
      ? {}
      : { logoutUrl: async (_session, back) => withParameters(logout, { service: backTo(back) }).href }),
  }
}

/** The server asks the person again, and refuses a ticket of an earlier sign-in (CAS Protocol 3.0.3, 2.1.1 and 2.5.1). */
const renewOf = ({ freshSince }: UpstreamStep): Record<string, string> =>
  freshSince === undefined ? {} : { renew: 'true' }

const late = { failure: 'unavailable' as const }

const serviceOf = ({ callback, state }: Pick<UpstreamStep, 'callback' | 'state'>) =>
  withParameters(callback, { state }).href

const backTo = ({ url, state }: { url: string; state: string }) => withParameters(url, { state }).href
