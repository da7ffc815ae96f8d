import type { Step } from './client-file.ts'
import { command, invalid, notFound, type Command, type Outcome } from '../command.ts'

const signs = { create: '+', change: '~', keep: '=' }
const written = (value: unknown) => (value === undefined ? '-' : JSON.stringify(value))

function linesOf(steps: readonly Step[]): string[] {
  return steps.flatMap(({ action, client_id: id, name, changes }) => [
    `${signs[action]} ${action.padEnd(6)}  ${name}${id === undefined ? '' : ` (${id})`}`,
    ...Object.entries(changes).map(([field, [from, to]]) => `      ${field}: ${written(from)} → ${written(to)}`),
  ])
}

/** Portals as a file that can be kept under version control. */
export const clientFileCommands: Command[] = [
  command({
    noun: 'client',
    verb: 'export',
    summary: 'print how portals are registered, as YAML for client import; secrets are not in it',
    fields: {
      id: { type: 'text', positional: true, placeholder: 'ID', meaning: 'id of a portal; without it, all of them' },
    },
    access: { role: 'viewer', about: 'rows' },
    example: 'npx yideng client export > portals.yaml',
    async run(context, { id }): Promise<Outcome> {
      const { clients } = await context.services()
      const all = (await clients.list()).filter(({ region }) => context.sees(region))
      const asked = id === undefined ? all : all.filter((client) => client.id === id)
      if (id !== undefined && asked.length === 0) return notFound('portal', id)
      const { toYaml } = await import('./client-file.ts')
      const yaml = toYaml(asked)
      return { ok: true, document: { yaml }, shown: yaml.trimEnd().split('\n') }
    },
  }),
  command({
    noun: 'client',
    verb: 'import',
    summary: 'make portals as a YAML file says; doing it again changes nothing',
    fields: {
      file: {
        type: 'text',
        positional: true,
        required: true,
        placeholder: 'FILE',
        meaning: 'as client export prints it',
      },
      plan: { type: 'boolean', meaning: 'only say what would be done' },
    },
    access: { local: 'it reads a file, and what is in it may lie in any region' },
    example: 'npx yideng client import portals.yaml --plan',
    async run(context, { file, plan: only }): Promise<Outcome> {
      const { clients } = await context.services()
      const { apply, planOf } = await import('./client-file.ts')
      const plan = planOf(file, await clients.list())
      if (!plan.ok) return invalid(...plan.problems)
      const steps = plan.steps.map(({ input: _i, status: _s, ...step }) => step)
      if (only) return { ok: true, document: { applied: false, steps }, shown: linesOf(plan.steps) }
      const secrets = await apply(clients, plan.steps, context.actor)
      const lines = secrets.map(
        ({ client_id, name, client_secret }) => `${name} (${client_id})  secret ${client_secret}`,
      )
      const notes = secrets.length > 0 ? ['', 'These secrets are shown only now: Yideng keeps no copy.', ...lines] : []
      return { ok: true, document: { applied: true, steps, secrets }, shown: linesOf(plan.steps), notes }
    },
  }),
]
