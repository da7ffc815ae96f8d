import type { Level } from '../assurance/levels.ts'
import type { Upstream } from './upstreams.ts'

/** The person that an upstream names, parsed and normalised. Every field but the subject may be missing. */
export interface UpstreamIdentity {
  /** Exactly as the upstream wrote it: never trimmed, never in another case. */
  subject: string
  /** Ours, by the upstream's map; 2 where it says none that the map has. */
  level: Level
  /** Only a well-formed document (GB 11643, GB 32100). */
  document?: { type: string; number: string } | undefined
  name?: string | undefined
  /** E.164. */
  phone?: string | undefined
  /** Of its session, for its logout. */
  session?: { sid?: string | undefined; idToken?: string | undefined } | undefined
}

/** Why an upstream named no person. All are values: an upstream that fails is a normal outcome. */
export type UpstreamFailure =
  /** The person went back, or the upstream refused the sign-in. */
  | 'declined'
  /** The code or ticket is wrong, used or too old. */
  | 'code_refused'
  /** The answer cannot be trusted: signature, issuer, audience, nonce, or a field of a wrong kind. */
  | 'answer_invalid'
  /** It does not answer in time, answers nonsense, or is busy. */
  | 'unavailable'
  /** Our registration is wrong: id, secret, address. The operator must act. */
  | 'misconfigured'

export type UpstreamAnswer = { identity: UpstreamIdentity } | { failure: UpstreamFailure }

/** One walk of a browser to the upstream and back. All its values are fresh, and count once. */
export interface UpstreamStep {
  /** Our address that the upstream sends the browser back to: one for each upstream. */
  callback: string
  /** 160 bits, base62. */
  state: string
  nonce: string
  /** PKCE (RFC 7636). */
  verifier: string
  /** The level that the portal needs. */
  level: Level
  /** The person must sign in at the upstream after this moment (ms): what it remembers of an earlier sign-in does not count. */
  freshSince?: number | undefined
}

/** The parameters that the browser brought to the callback: texts of at most 16 KiB, each name once. */
export type UpstreamReturn = Readonly<Record<string, string>>

/** One upstream: the only code that knows its secret and its wire. Each call to it takes at most 5 s. */
export interface UpstreamClient {
  readonly upstream: Upstream
  /** The upstream's page that asks the person. */
  begin(step: UpstreamStep): Promise<{ url: string } | { failure: UpstreamFailure }>
  /** The state that came back; undefined where the upstream drops it. Then the one step of this browser that waits counts, or none. */
  stateOf(returned: UpstreamReturn): string | undefined
  /** Reads who came back. It is called once for each step. */
  identify(step: UpstreamStep, returned: UpstreamReturn): Promise<UpstreamAnswer>
  /** Where the browser signs out at the upstream too; undefined for one that cannot. */
  logoutUrl?(
    session: NonNullable<UpstreamIdentity['session']>,
    back: { url: string; state: string },
  ): Promise<string | undefined>
  /** Reads a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6); undefined for one that is not right. */
  readLogout?(
    token: string,
  ): Promise<{ subject?: string | undefined; sid?: string | undefined; jti: string } | undefined>
  /** Harmless calls that show whether the registration works, for `yideng upstream check` and the state on the sign-in page. */
  check(): Promise<{ ok: true } | { ok: false; failure: UpstreamFailure }>
}

/** The upstreams of the settings. The list may change while the server runs. */
export interface Upstreams {
  list(): readonly Upstream[]
  /** Undefined for an id that the settings do not have. */
  client(id: string): UpstreamClient | undefined
}
