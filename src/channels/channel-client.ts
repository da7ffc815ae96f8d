import type { Channel, SubjectKind } from './channels.ts'

/** The person that the vendor names. `ids` has every id that the vendor sent; `subject` is the one that the channel names people by. */
export interface ChannelIdentity {
  subject: string
  ids: Readonly<Partial<Record<SubjectKind, string>>>
}

/** Why a vendor named no person. All are values: a vendor that fails is a normal outcome. */
export type ChannelFailure =
  /** The code is wrong, used or too old. */
  | 'code_refused'
  /** WeChat's 快照页 visitor: not the person (is_snapshotuser). */
  | 'snapshot_visitor'
  /** The vendor blocks this user, or this user asked too often. */
  | 'user_blocked'
  /** The vendor does not answer in time, answers nonsense, or is busy. */
  | 'unavailable'
  /** Our registration is wrong: secret, appid, or a subject that the vendor does not send. The operator must act. */
  | 'channel_misconfigured'

export type ChannelAnswer = { identity: ChannelIdentity } | { failure: ChannelFailure }

/** A telephone number that the vendor has proven for this user, E.164. */
export type ChannelPhone = { phone: string } | { failure: ChannelFailure }

/** One channel's vendor: the only code that knows its secret. It asks `channel.api` alone. Each call to it takes at most 2 s. */
export interface ChannelClient {
  readonly channel: Channel
  /** Exchanges a code for the person; a code counts once. */
  identify(code: string): Promise<ChannelAnswer>
  /** The vendor's page that asks the person, for kinds that redirect. */
  authorizeUrl?(request: { state: string; redirectUri: string }): string
  /** The number of the person with these ids, where the kind has it. It may need a second call, for the token. */
  phoneOf?(code: string, ids: ChannelIdentity['ids']): Promise<ChannelPhone>
  /** A harmless call that shows whether the registration works, for `yideng channel check`. */
  check(): Promise<{ ok: true } | { ok: false; failure: ChannelFailure }>
}

/** All channels of the settings. */
export interface Channels {
  readonly list: readonly Channel[]
  /** Undefined for an id that the settings do not have. */
  client(id: string): ChannelClient | undefined
}
