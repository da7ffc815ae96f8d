import { command } from '../command.ts'
import { iso } from '../outcome.ts'

export default command({
  fields: {},
  access: { role: 'viewer', about: 'rows', touches: ['what may be seen'] },
  example: 'npx yideng client list --json',
  async run(context) {
    const { clients } = await context.services()
    const document = (await clients.list())
      .filter(({ region }) => context.sees(region))
      .map((client) => ({
        client_id: client.id,
        name: client.name,
        organisation: client.organisation ?? null,
        region: client.region ?? null,
        type: client.type,
        status: client.status,
        min_level: client.min_level,
        consent: client.consent,
        subject_type: client.subject_type,
        created_at: iso(client.createdAt),
      }))
    const columns = ['CLIENT ID', 'NAME', 'ORGANISATION', 'REGION', 'TYPE', 'STATUS', 'LEVEL', 'CONSENT']
    const rows = document.map((one) => {
      const { client_id, name, organisation, region, type, min_level, consent } = one
      return [client_id, name, organisation, region, type, one.status, min_level, consent]
    })
    const notes = rows.length > 0 ? [] : ['No portals yet. Register the first: npx yideng client create --help']
    return { ok: true, document, shown: { columns, rows }, notes }
  },
})
