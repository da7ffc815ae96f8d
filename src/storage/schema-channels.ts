import type { Mark, Time } from './columns.ts'

/** Channels to people: WeChat, Alipay. */
export interface ChannelTables {
  /** One row for each channel (src/channels/channel-answers.ts). */
  channel_answers: {
    channel_id: string
    /** The vendor last named a person. */
    succeeded_at: Time | null
    /** The vendor last failed by a fault of its own or of our registration. */
    failed_at: Time | null
    failure: string | null
  }
}

export const channelMarks: { [T in keyof ChannelTables]: { [C in keyof ChannelTables[T]]: Mark } } = {
  channel_answers: { channel_id: 'open', succeeded_at: 'open', failed_at: 'open', failure: 'open' },
}
