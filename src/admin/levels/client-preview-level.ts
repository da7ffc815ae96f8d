import { invalid, type Outcome } from '../outcome.ts'
import { previewLevels, readTable } from './level-preview.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    levels: { type: 'text', placeholder: 'FILE', meaning: 'a changed copy of config/levels.json' },
    'min-level': { type: 'number', choices: ['2', '3', '4'], meaning: 'as if the portal required this level' },
    client: { type: 'text', placeholder: 'ID', meaning: 'only this portal' },
  },
  access: { local: 'it reads a file, and the portals of every region' },
  example: 'npx yideng client preview-level --levels levels-next-year.json',
  async run(context, input): Promise<Outcome> {
    if (input.levels === undefined && input['min-level'] === undefined) {
      return invalid({ field: 'levels', message: 'or --min-level is needed' })
    }
    const services = await context.services()
    if (input.client !== undefined && !(await services.clients.find(input.client))) {
      return { ok: false, kind: 'not_found', problems: [{ message: 'There is no such portal.' }] }
    }
    let table: ReturnType<typeof readTable> | undefined
    try {
      table = input.levels === undefined ? undefined : readTable(input.levels)
    } catch (error) {
      const message = `cannot be used: ${error instanceof Error ? error.message : String(error)}`
      return invalid({ field: 'levels', message })
    }
    const preview = await previewLevels(services, { table, clientId: input.client, minLevel: input['min-level'] })
    const { portals, undecidable } = preview
    const rows = portals.map(({ name, sign_ins, rise, fall, kept_out }) => [name, sign_ins, rise, fall, kept_out])
    const notes = [
      ...(portals.length === 0 ? ['No portal is affected.'] : []),
      ...(undecidable > 0 ? [`${undecidable} older sign-ins lack the data for a decision.`] : []),
    ]
    const shown = { columns: ['PORTAL', 'SIGN-INS', 'RISE', 'FALL', 'KEPT OUT'], rows }
    return { ok: true, document: preview, ...(rows.length > 0 ? { shown } : {}), notes }
  },
})
