import type { Approval } from '../../accounts/approvals.ts'
import { command, failed, forbidden, idField, iso, nameOf, notFound, type Command, type Input } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { dutyOf } from '../duties.ts'
import { hostOf } from '../../clients/hosts.ts'
import { blockedBy, runApproved } from './gate.ts'

const id = idField('request')
const exampleId = '9f2c1a7be403'

/** What will run, as it would be typed. */
const asTyped = (name: string, input: Input) =>
  [name, ...Object.entries(input).map(([field, value]) => `${field}=${JSON.stringify(value)}`)].join(' ')

/** Which portal a request is about, by its name and hosts: nobody knows portals by their ids. */
async function portalOfRequest(context: CommandContext, { command: name, input }: Approval): Promise<string> {
  const access = (await commandOf(name))?.access
  if (!access || 'local' in access || access.about !== 'portal' || typeof input['id'] !== 'string') return ''
  const { clients } = await context.services()
  const client = await clients.find(input['id'])
  return client ? [client.name, ...new Set(client.redirect_uris.map(hostOf))].join(' · ') : ''
}

const answerOf = (one: Approval) => ({
  id: one.id,
  command: one.command,
  input: one.input,
  region: one.region ?? null,
  requested_by: one.requestedBy,
  requested_at: iso(one.requestedAt),
  expires_at: iso(one.expiresAt),
  state: one.state,
  decided_by: one.decidedBy ?? null,
})

/** Of all that may wait; the table of all commands is put together from this file too. */
const commandOf = async (name: string) => (await import('../commands.ts')).commands.find((one) => nameOf(one) === name)

/** Who may lose their power by it, named or not, does not refuse it. */
async function isAboutThem(context: CommandContext, { command: name, input }: Approval) {
  const asked = await commandOf(name)
  const duty = asked && dutyOf(asked)
  const accounts = duty?.accounts ? await duty.accounts(await context.services(), input) : []
  return context.administrator !== undefined && accounts.includes(context.administrator.personId)
}

/** The two-person rule: what one administrator asked for, and another decides. */
export const approvalCommands: Command[] = [
  command({
    noun: 'approval',
    verb: 'list',
    summary: 'list what administrators asked for and a second one decides, the latest first',
    fields: {},
    access: { role: 'admin', about: 'rows' },
    example: 'npx yideng approval list',
    async run(context) {
      const { approvals } = await context.services()
      const waiting = (await approvals.list()).filter(({ region }) => context.sees(region))
      const document = await Promise.all(
        waiting.map(async (one) => ({ ...answerOf(one), portal: (await portalOfRequest(context, one)) || null })),
      )
      const columns = ['ID', 'WHAT WILL RUN', 'PORTAL', 'REGION', 'REQUESTED BY', 'UNTIL', 'STATE']
      const rows = document.map((one) => [
        one.id,
        asTyped(one.command, one.input),
        one.portal,
        one.region,
        one.requested_by,
        one.expires_at,
        one.state,
      ])
      return { ok: true, document, shown: { columns, rows }, notes: rows.length > 0 ? [] : ['Nothing was asked for.'] }
    },
  }),
  command({
    noun: 'approval',
    verb: 'approve',
    summary: 'approve what another administrator asked for; it runs at once, or is released for them to see',
    fields: { id },
    access: { role: 'admin', about: 'approval' },
    example: `npx yideng approval approve ${exampleId}`,
    async run(context, input) {
      const { approvals } = await context.services()
      const approval = await approvals.find(input.id)
      if (!approval) return notFound('request', input.id)
      const asked = await commandOf(approval.command)
      if (!asked || 'local' in asked.access) return failed(`There is no command "${approval.command}" any more.`)
      if (approval.requestedBy === context.administrator?.personId) {
        const message = 'You asked for it yourself: another administrator has to approve it.'
        return forbidden(message)
      }
      // it may lie elsewhere by now
      const not =
        context.administrator && (await blockedBy(context, context.administrator, asked.access, approval.input))
      if (not) return not
      if (!(await approvals.decide(approval.id, 'approved', context))) return failed(await whyNot(approval.id))
      if (dutyOf(asked)?.secret) {
        return { ok: true, document: { ...answerOf(approval), state: 'approved', decided_by: context.actor } }
      }
      return runApproved(context, asked, approval)

      async function whyNot(request: string) {
        const now = await approvals.find(request)
        return `It is ${now?.state ?? 'gone'} already: nothing was done.`
      }
    },
  }),
  command({
    noun: 'approval',
    verb: 'refuse',
    summary: 'refuse what another administrator asked for, or take back what you asked for yourself',
    fields: { id },
    access: { role: 'admin', about: 'approval' },
    example: `npx yideng approval refuse ${exampleId}`,
    async run(context, input) {
      const { approvals } = await context.services()
      const approval = await approvals.find(input.id)
      if (!approval) return notFound('request', input.id)
      if (await isAboutThem(context, approval)) {
        const message = 'It would end or lock you: another administrator decides.'
        return forbidden(message)
      }
      const refused = await approvals.decide(approval.id, 'refused', context)
      if (!refused) return failed(`It is ${approval.state} already: nothing was done.`)
      return { ok: true, document: { ...answerOf(approval), state: 'refused', decided_by: context.actor } }
    },
  }),
]
