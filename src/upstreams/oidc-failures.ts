import * as openid from 'openid-client'
import { ofAnother } from './oidc-discovery.ts'
import type { UpstreamFailure } from './upstream-client.ts'
import { networkRefused, notUtf8, tooLong } from './upstream-fetch.ts'

/** Errors of the token endpoint that say something about our registration (RFC 6749, 5.2). */
const ofRegistration = new Set(['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope'])

/** Codes of openid-client: the answer arrived, and it cannot be trusted. */
const untrusted = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JWT_USERINFO_EXPECTED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
  tooLong,
  notUtf8,
])

/** The operator must act: another issuer, an address outside the networks, or one without TLS. */
const ours = new Set([ofAnother, networkRefused, 'OAUTH_HTTP_REQUEST_FORBIDDEN'])

/** The answer is an error status, or no document at all: the provider itself does not work. */
const broken = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
])

/** An error as openid-client throws it, and its causes: the first of them that says something decides. */
export function failureOf(error: unknown): UpstreamFailure {
  // it came with the browser, so a stranger may have written it
  if (error instanceof openid.AuthorizationResponseError) return 'declined'
  if (error instanceof openid.ResponseBodyError) {
    if (error.status >= 500) return 'unavailable'
    return ofRegistration.has(error.error) || error.status === 401 ? 'misconfigured' : 'code_refused'
  }
  if (error instanceof openid.WWWAuthenticateChallengeError) return 'misconfigured'
  if (!(error instanceof Error)) return 'unavailable'
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && ours.has(code)) return 'misconfigured'
  if (typeof code === 'string' && untrusted.has(code)) return 'answer_invalid'
  if (typeof code === 'string' && broken.has(code)) return causeOf(error) ?? 'unavailable'
  if (error instanceof openid.ClientError) return causeOf(error) ?? 'answer_invalid'
  // all others are errors of a call: no route, no name, no certificate, no answer in time
  return error instanceof TypeError || error instanceof SyntaxError ? 'answer_invalid' : 'unavailable'
}

const causeOf = ({ cause }: Error) => (cause instanceof Error ? failureOf(cause) : undefined)
