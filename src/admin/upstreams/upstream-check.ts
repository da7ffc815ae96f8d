import { createUpstreamFetch } from '../../guards/upstream-fetch.ts'
import { command } from '../command.ts'
import { noUpstream, upstreamField } from './linked.ts'
import { authorizePage, wrongCode } from './trial.ts'
import { providerChecks } from './trial-oidc.ts'

export default command({
  fields: {
    id: { ...upstreamField, positional: true },
  },
  access: { local: 'it asks the upstream with the network and the keys of the machine that it runs on' },
  example: 'npx yideng upstream check foshan',
  async run(context, { id }) {
    const { upstreams, settings } = await context.services()
    const client = upstreams.client(id)
    if (!client) return noUpstream(id)
    const fetch = createUpstreamFetch(settings)
    const trial = { client, fetch, clock: context.clock, issuer: settings.issuer }
    const provider = client.upstream.kind === 'oidc' ? await providerChecks(trial) : []
    // without a document no other check can tell more
    const unusable = provider.length === 1
    const checks = unusable ? provider : [...provider, await authorizePage(trial), await wrongCode(trial)]
    const failing = checks.filter(({ state }) => state === 'fail').length
    const { name, kind } = client.upstream
    return {
      ok: true,
      document: { id, name, kind, works: failing === 0, checks },
      shown: { checks },
      ...(failing === 0 ? {} : { fault: `${failing === 1 ? 'One check' : `${failing} checks`} failed.` }),
    }
  },
})
