import { z } from 'zod'
import type { ChannelAnswer } from './channel-client.ts'
import type { Channel, SubjectKind } from './channels.ts'

/** An id as a vendor writes it; an empty one counts as none. */
export const vendorId = z.string().regex(/^[\w-]{0,128}$/)

/**
 * The identity with the id that the channel names people by. Another id never takes its place: one person would have
 * two identities.
 */
export function identityOf(channel: Channel, sent: Partial<Record<SubjectKind, string | undefined>>): ChannelAnswer {
  const ids = Object.fromEntries(Object.entries(sent).filter(([, id]) => id))
  const subject = ids[channel.subject]
  return subject ? { identity: { subject, ids } } : { failure: 'channel_misconfigured' }
}
