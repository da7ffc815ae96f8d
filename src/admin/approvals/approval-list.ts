import type { Approval } from '../../accounts/approvals.ts'
import { hostOf } from '../../clients/hosts.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { requestDocument, requestedCommand } from './requests.ts'

/** The request as a command line. */
const asTyped = ({ command: name, input }: Approval) =>
  [name, ...Object.entries(input).map(([field, value]) => `${field}=${JSON.stringify(value)}`)].join(' ')

/** Name and hosts of the portal of a request: administrators do not know portals by their ids. */
async function portalOf(context: CommandContext, request: Approval): Promise<string | null> {
  const access = (await requestedCommand(request))?.access
  const { id } = request.input
  if (!access || 'local' in access || access.about !== 'portal' || typeof id !== 'string') return null
  const { clients } = await context.services()
  const client = await clients.find(id)
  return client ? [client.name, ...new Set(client.redirect_uris.map(hostOf))].join(' · ') : null
}

export default command({
  fields: {},
  access: { role: 'admin', about: 'rows', touches: ['what may be seen'] },
  example: 'npx yideng approval list',
  async run(context) {
    const { approvals } = await context.services()
    const requests = (await approvals.list()).filter(({ region }) => context.sees(region))
    const document = await Promise.all(
      requests.map(async (one) => ({ ...requestDocument(one), portal: await portalOf(context, one) })),
    )
    const columns = ['ID', 'WHAT WILL RUN', 'PORTAL', 'REGION', 'REQUESTED BY', 'UNTIL', 'STATE']
    const rows = requests.map((one, index) => [
      one.id,
      asTyped(one),
      document[index]?.portal,
      one.region,
      one.requestedBy,
      document[index]?.expires_at,
      one.state,
    ])
    return { ok: true, document, shown: { columns, rows }, notes: rows.length > 0 ? [] : ['There are no requests.'] }
  },
})
