import type { Client } from '../../clients/clients.ts'
import { command, idField, invalid, iso, notFound, type Command, type Outcome } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { officialProblems } from './official.ts'
import {
  changeFields,
  changesOf,
  metadataOf,
  problemsAsGiven,
  registrationFields,
  registrationOf,
} from './registration-fields.ts'

const id = idField('portal')
const exampleId = 'mXu0Wj5hGk2cQ9Ty'
const unknown = (given: string) => notFound('portal', given)
const secretOnce =
  'The secret is shown only now: Yideng keeps no copy. If it is lost: npx yideng client rotate-secret ID'

/** What the people who write the portal need, ready to copy. */
async function snippet(context: CommandContext, client: Client): Promise<string[]> {
  const { issuer } = await context.settings()
  return [
    '',
    "For the portal's developers:",
    `  issuer       ${issuer}`,
    `  discovery    ${issuer}/.well-known/openid-configuration`,
    `  client_id    ${client.id}`,
    `  scope        ${client.scope.join(' ')}`,
  ]
}

/** The registration, and its new secret this once. */
function answer(client: Client, secret: string | undefined, notes: string[] = []): Outcome {
  const { client_id, ...rest } = registrationOf(client)
  const document = { client_id, ...(secret === undefined ? {} : { client_secret: secret }), ...rest }
  return { ok: true, document, notes: [...(secret === undefined ? [] : ['', secretOnce]), ...notes] }
}

const status = (verb: 'suspend' | 'resume', to: Client['status'], summary: string) =>
  command({
    noun: 'client',
    verb,
    summary,
    fields: { id },
    access: { role: 'operator', about: 'portal' },
    example: `npx yideng client ${verb} ${exampleId}`,
    async run(context, input) {
      const { clients } = await context.services()
      const changed = await clients.setStatus(input.id, to, context.actor)
      return changed ? { ok: true, document: { client_id: input.id, status: to } } : unknown(input.id)
    },
  })

export const clientCommands: Command[] = [
  command({
    noun: 'client',
    verb: 'create',
    summary: 'register a portal; without any flag it asks',
    guided: true,
    fields: registrationFields,
    access: { role: 'operator', about: 'portal' },
    example:
      'npx yideng client create --name 深圳市政务服务网 --region 440300 ' +
      '--redirect-uri https://www.sz.example.gov.cn/callback --scope "openid profile"',
    async run(context, input) {
      const official = officialProblems(context, metadataOf(input))
      if (official.length > 0) return invalid(...official)
      const { clients } = await context.services()
      const created = await clients.create(metadataOf(input), context.actor)
      if (!created.ok) return invalid(...problemsAsGiven(created.problems, input))
      return answer(created.client, created.secret, await snippet(context, created.client))
    },
  }),
  command({
    noun: 'client',
    verb: 'list',
    summary: 'list the portals, oldest first',
    fields: {},
    access: { role: 'viewer', about: 'rows' },
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
  }),
  command({
    noun: 'client',
    verb: 'show',
    summary: 'show how a portal is registered',
    fields: { id },
    access: { role: 'viewer', about: 'portal' },
    example: `npx yideng client show ${exampleId}`,
    async run(context, input) {
      const { clients } = await context.services()
      const client = await clients.find(input.id)
      return client ? { ok: true, document: registrationOf(client) } : unknown(input.id)
    },
  }),
  command({
    noun: 'client',
    verb: 'update',
    summary: 'change what is given and keep the rest; an empty value takes a field away',
    fields: { id, ...changeFields },
    access: { role: 'operator', about: 'portal' },
    example: `npx yideng client update ${exampleId} --min-level 3 --backchannel-logout-uri https://www.sz.example.gov.cn/logout`,
    async run(context, { id: clientId, ...input }) {
      const changes = changesOf(input)
      if (Object.keys(changes).length === 0) {
        return invalid({ message: 'Nothing is given to change.' })
      }
      const official = officialProblems(context, metadataOf(input))
      if (official.length > 0) return invalid(...official)
      const { clients } = await context.services()
      const updated = await clients.update(clientId, changes, context.actor)
      if (!updated) return unknown(clientId)
      if (!updated.ok) return invalid(...problemsAsGiven(updated.problems, input))
      return answer((await clients.find(clientId)) ?? updated.client, updated.secret)
    },
  }),
  command({
    noun: 'client',
    verb: 'rotate-secret',
    summary: 'give a portal a new secret; the old one ends within two seconds',
    fields: { id },
    access: { role: 'operator', about: 'portal' },
    example: `npx yideng client rotate-secret ${exampleId} --json`,
    async run(context, input) {
      const { clients } = await context.services()
      const rotated = await clients.rotateSecret(input.id, context.actor)
      if (!rotated) return unknown(input.id)
      if (!rotated.ok) return invalid(...problemsAsGiven(rotated.problems, {}))
      const document = { client_id: input.id, client_secret: rotated.secret }
      return { ok: true, document, notes: ['', secretOnce] }
    },
  }),
  status('suspend', 'suspended', 'let nobody sign in at a portal until it is resumed'),
  status('resume', 'active', 'let people sign in at a suspended portal again'),
  command({
    noun: 'client',
    verb: 'delete',
    summary: 'delete a portal and what people agreed to there, for good (suspend can be undone)',
    fields: { id },
    access: { role: 'admin', about: 'portal' },
    example: `npx yideng client delete ${exampleId}`,
    async run(context, input) {
      const { clients } = await context.services()
      const deleted = await clients.delete(input.id, context.actor)
      return deleted ? { ok: true, document: { client_id: input.id, deleted: true } } : unknown(input.id)
    },
  }),
]
