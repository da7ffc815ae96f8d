import { apply, planOf, type Step } from './client-file.ts'
import type { Services } from '../../services.ts'
import { invalid, type Outcome, type Problem } from '../outcome.ts'
import { forceField } from './registration-fields.ts'
import { problemsOfChanges } from './registration-problems.ts'
import { command } from '../command.ts'

const signs = { create: '+', change: '~', keep: '=' }
const shownValue = (value: unknown) => (value === undefined ? '-' : JSON.stringify(value))

function linesOf(steps: readonly Step[]): string[] {
  return steps.flatMap(({ action, client_id: id, name, changes }) => [
    `${signs[action]} ${action.padEnd(6)}  ${name}${id === undefined ? '' : ` (${id})`}`,
    ...Object.entries(changes).map(([field, [from, to]]) => `      ${field}: ${shownValue(from)} → ${shownValue(to)}`),
  ])
}

/** What would change every `sub` of a portal, or could sign no person in. */
async function refusedOf(services: Services, steps: readonly Step[], force: boolean): Promise<Problem[]> {
  const problems: Problem[] = []
  const problemsOf = problemsOfChanges(services, { force })
  for (const step of steps) {
    const found = await problemsOf(step)
    problems.push(
      ...found.map(({ field = '', message }) => ({
        field: 'file',
        message: `${JSON.stringify(step.name)}: ${field} ${message}`.replaceAll('  ', ' '),
      })),
    )
  }
  return problems
}

export default command({
  fields: {
    file: {
      type: 'text',
      positional: true,
      required: true,
      placeholder: 'FILE',
      meaning: 'as client export prints it',
    },
    plan: { type: 'boolean', meaning: 'only print the plan' },
    force: forceField,
  },
  access: { local: 'it reads a file, and its portals may be in any region' },
  example: 'npx yideng client import portals.yaml --plan',
  async run(context, { file, plan: only, force }): Promise<Outcome> {
    const services = await context.services()
    const { clients, settings, clock } = services
    const plan = planOf(file, await clients.list(), { usualAlg: settings.idTokenAlg, now: clock() })
    if (!plan.ok) return invalid(...plan.problems)
    const steps = plan.steps.map(({ input: _i, status: _s, before: _b, after: _a, ...step }) => step)
    if (only) return { ok: true, document: { applied: false, steps }, shown: linesOf(plan.steps) }
    const refused = await refusedOf(services, plan.steps, force)
    if (refused.length > 0) return invalid(...refused)
    const secrets = await apply(clients, plan.steps, context.actor)
    const lines = secrets.map(({ client_id, name, client_secret }) => `${name} (${client_id})  secret ${client_secret}`)
    const notes = secrets.length > 0 ? ['', 'These secrets are shown only now: Yideng keeps no copy.', ...lines] : []
    return { ok: true, document: { applied: true, steps, secrets }, shown: linesOf(plan.steps), notes }
  },
})
