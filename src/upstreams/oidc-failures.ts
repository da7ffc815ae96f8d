import * as openid from 'openid-client'
import { ofAnother } from './oidc-discovery.ts'
import type { UpstreamFailure } from './upstream-client.ts'
import { notUtf8, tooLong } from './upstream-fetch.ts'

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
  if (!(error instanceof Error)) return 'answer_invalid'
  const { code } = error as { code?: unknown }
  if (code === ofAnother) return 'misconfigured'
  if (typeof code === 'string' && untrusted.has(code)) return 'answer_invalid'
  if (typeof code === 'string' && broken.has(code)) return causeOf(error) ?? 'unavailable'
  if (error instanceof openid.ClientError) return causeOf(error) ?? 'answer_invalid'
  // an error of a call: no route, no name, no certificate, no answer in time
  return typeof code === 'string' || error.name === 'TimeoutError' ? 'unavailable' : 'answer_invalid'
}

const causeOf = ({ cause }: Error) => (cause instanceof Error ? failureOf(cause) : undefined)
