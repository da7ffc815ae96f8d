import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import type { Client, Clients } from '../../clients/clients.ts'
import { parseClientMetadata, type ClientMetadata, type UsualIdTokenAlg } from '../../clients/metadata.ts'
import { problemsOfLegacyDate } from '../../clients/legacy.ts'
import { faultOfClientId, problemsOfNames } from '../../clients/registration-rules.ts'
import { lookalike } from '../../clients/hosts.ts'
import type { Problem } from '../outcome.ts'
import { registrationOf } from './registration-fields.ts'

/** The portals of a file. A missing field gets its default; a portal that is not in the file stays unchanged. */
const schema = z.strictObject({
  portals: z.array(
    z.looseObject({
      client_id: z.string().max(64, 'must not be longer than 64 characters').optional(),
      name: z.string(),
      status: z.enum(['active', 'suspended']).default('active'),
    }),
  ),
})

type Declared = z.output<typeof schema>['portals'][number]

const begin = `# Portals, as: npx yideng client export > portals.yaml
# Apply it with: npx yideng client import portals.yaml (with --plan it only prints the changes).
# A portal without client_id is found by its name. Portals that are not in this file stay unchanged.
`

export function toYaml(clients: readonly Client[]): string {
  const portals = clients.map((client) => {
    const { created_at: _c, updated_at: _u, ...declared } = registrationOf(client)
    return declared
  })
  return `${begin}${stringify({ portals }, { lineWidth: 0 })}`
}

export interface Step {
  action: 'create' | 'change' | 'keep'
  client_id: string | undefined
  name: string
  redirect_uris: readonly string[]
  /** Old and new value, by field. */
  changes: Record<string, [unknown, unknown]>
  /** The declared metadata. */
  input: Record<string, unknown>
  status: Client['status']
  /** Undefined for a new portal. */
  before: Client | undefined
  after: ClientMetadata
}

type Plan = { ok: true; steps: Step[] } | { ok: false; problems: Problem[] }

interface PlanOptions {
  usualAlg: UsualIdTokenAlg
  /** Milliseconds since 1970 UTC. */
  now: number
}

const unreadable = (message: string): Plan => ({ ok: false, problems: [{ field: 'file', message }] })

/** The steps from the existing portals to those of the file. It changes nothing. */
export function planOf(file: string, existing: readonly Client[], options: PlanOptions): Plan {
  let text: unknown
  try {
    text = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return unreadable(`${JSON.stringify(file)} cannot be read: ${reason}`)
  }
  const read = schema.safeParse(text)
  if (!read.success) {
    const [issue] = read.error.issues
    return unreadable(`${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'is wrong'}`)
  }
  const problems: Problem[] = []
  const steps = read.data.portals.flatMap((declared) => {
    const step = stepOf(declared, existing, options)
    if ('problems' in step) problems.push(...step.problems)
    return 'problems' in step ? [] : [step]
  })
  const ids = steps.flatMap(({ client_id, name }) => client_id ?? name)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) problems.push({ field: 'file', message: `names ${JSON.stringify(twice)} twice` })
  const made = steps.filter(({ action }) => action === 'create')
  const alike = made.find((one, index) => lookalike(one, made.slice(0, index)))
  if (alike) problems.push({ field: 'file', message: `${JSON.stringify(alike.name)}: another in it looks like it` })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, steps }
}

function stepOf(
  { client_id: id, status, ...declared }: Declared,
  existing: readonly Client[],
  { usualAlg, now }: PlanOptions,
): Step | { problems: Problem[] } {
  const of = JSON.stringify(id ?? declared.name)
  const known = existing.filter((client) => (id === undefined ? client.name === declared.name : client.id === id))
  const [before] = known
  // files of an earlier version have none of these: defaults of this one must not change an existing portal
  const kept = before && {
    id_token_alg: before.id_token_alg,
    sector_rule: before.sector_rule,
    ...(before.pkce === 'required' ? { pkce: before.pkce } : {}),
  }
  const input = { ...kept, ...declared }
  const parsed = parseClientMetadata(input, usualAlg)
  if (!parsed.ok) {
    return {
      problems: parsed.problems.map(({ field, message }) => ({ field: 'file', message: `${of}: ${field} ${message}` })),
    }
  }
  if (known.length > 1)
    return { problems: [{ field: 'file', message: `${of}: several portals have this name, give client_id` }] }
  // an existing portal keeps an id that only older rules allowed
  const fault = before === undefined && id !== undefined ? faultOfClientId(id) : undefined
  if (fault !== undefined) return { problems: [{ field: 'file', message: `${of}: client_id ${fault}` }] }
  const others = existing.filter((other) => other !== before)
  const problems = [
    ...problemsOfNames(parsed.metadata, before, others),
    ...problemsOfLegacyDate(parsed.metadata, before, now),
  ]
  if (problems.length > 0)
    return {
      problems: problems.map(({ field, message }) => ({ field: 'file', message: `${of}: ${field} ${message}` })),
    }
  const { name, redirect_uris } = parsed.metadata
  const changes = before ? differences(before, { ...parsed.metadata, status }) : {}
  const action = !before ? 'create' : Object.keys(changes).length > 0 ? 'change' : 'keep'
  return {
    action,
    client_id: before?.id ?? id,
    name,
    redirect_uris,
    changes,
    input,
    status,
    before,
    after: parsed.metadata,
  }
}

function differences(before: Client, after: ClientMetadata & { status: string }): Step['changes'] {
  const { id: _i, secretHash: _s, createdAt: _c, updatedAt: _u, ...now } = before
  const [from, to] = [now as Record<string, unknown>, after as Record<string, unknown>]
  const fields = [...new Set([...Object.keys(from), ...Object.keys(to)])]
  const different = fields.filter((field) => !isDeepStrictEqual(from[field], to[field]))
  return Object.fromEntries(different.map((field) => [field, [from[field], to[field]]]))
}

interface Made {
  client_id: string
  name: string
  client_secret: string
}

/** Applies the steps one by one. Returns the new secrets. */
export async function apply(clients: Clients, steps: readonly Step[], actor: string): Promise<Made[]> {
  const made: Made[] = []
  for (const { action, client_id: id, name, changes, input, status } of steps) {
    if (action === 'keep') continue
    // a field that is no longer declared gets its default
    const cleared = Object.fromEntries(Object.keys(changes).map((field) => [field, undefined]))
    const { status: _s, ...change } = { ...cleared, ...input }
    const result =
      action === 'create' || id === undefined
        ? await clients.create(input, actor, id)
        : await clients.update(id, change, actor)
    if (!result?.ok) throw new Error(`${name} was changed by another administrator at the same time. Run it again.`)
    const { client, secret } = result
    if (client.status !== status) await clients.setStatus(client.id, status, actor)
    if (secret !== undefined) made.push({ client_id: client.id, name, client_secret: secret })
  }
  return made
}
