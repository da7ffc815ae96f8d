import { toYaml } from './client-file.ts'
import { notFound, type Outcome } from '../outcome.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    id: { type: 'text', positional: true, placeholder: 'ID', meaning: 'id of a portal; without it, all portals' },
  },
  access: { role: 'viewer', about: 'rows', touches: ['what may be seen'] },
  example: 'npx yideng client export > portals.yaml',
  async run(context, { id }): Promise<Outcome> {
    const { clients } = await context.services()
    const all = (await clients.list()).filter(({ region }) => context.sees(region))
    const asked = id === undefined ? all : all.filter((client) => client.id === id)
    if (id !== undefined && asked.length === 0) return notFound('portal', id)
    const yaml = toYaml(asked)
    return { ok: true, document: { yaml }, raw: yaml.trimEnd().split('\n') }
  },
})
