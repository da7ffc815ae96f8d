import type { ChannelFailure } from '../../channels/channel-client.ts'
import { command } from '../command.ts'
import { failed } from '../outcome.ts'
import { channelField, noChannel } from './bound.ts'

/** The first remedy of each fault. */
const remedies: Readonly<Record<ChannelFailure, string>> = {
  channel_misconfigured:
    'The vendor does not accept the registration: compare appid, key files and the list of addresses (IP白名单) with its console.',
  unavailable:
    'The vendor does not answer as it should: check the network of this machine with curl, the outbound firewall, and the notices of the vendor.',
  code_refused: 'The vendor refuses every code: compare the kind of the channel with its console.',
  user_blocked: 'The vendor limits this app: wait a minute, then check again.',
  snapshot_visitor: 'The vendor took the wrong code for a person: check again, then ask the vendor.',
}

export default command({
  fields: {
    id: { ...channelField, positional: true },
  },
  access: { local: 'it asks the vendor with the network and the keys of the machine that it runs on' },
  example: 'npx yideng channel check yss',
  async run(context, { id }) {
    const { channels } = await context.services()
    const client = channels.client(id)
    if (!client) return noChannel(id)
    const checked = await client.check()
    if (!checked.ok) return failed(`${id}: ${checked.failure}`, remedies[checked.failure])
    const { name, kind, api } = client.channel
    return {
      ok: true,
      document: { id, name, kind, api, works: true },
      shown: [`${name} (${id}) works: ${api} accepts the registration, and refuses a wrong code.`],
    }
  },
})
