import type { Client } from '../../clients/clients.ts'
import { gatewayTokenOf } from '../../clients/gateway-token.ts'
import { casBase, tifProfileOf } from '../../config/legacy-protocols.ts'
import type { Services } from '../../services.ts'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../outcome.ts'
import { notedIssuer } from '../../storage/store-facts.ts'
import { registrationOf } from './registration-fields.ts'

/**
 * The second secret of an old portal, for the signed call of a mini program's pages. Only with a new secret: it is made
 * of that.
 */
export function gatewayTokenWith({ dataKeys }: Services, client: Client, secret: string | undefined) {
  const signs = tifProfileOf(client.legacy)?.oneOffCode !== undefined
  return secret !== undefined && signs ? { gateway_token: gatewayTokenOf(dataKeys.pairwise, client) } : {}
}

/** Shown with every new secret. */
export const secretOnce =
  'The secret is shown only now: Yideng keeps no copy. If it is lost: npx yideng client rotate-secret ID'

/** The issuer of the server that runs on this store; before its first start, that of the settings. */
export async function issuerOf(context: CommandContext): Promise<string> {
  const { database, settings } = await context.services()
  return (await notedIssuer(database)) ?? settings.issuer
}

/** The values that the developers of a portal need, ready to copy. */
export function developerNotes(issuer: string, client: Client): string[] {
  return [
    '',
    "For the portal's developers:",
    ...(client.legacy === undefined ? usualNotes(issuer, client) : legacyNotes(issuer, client)),
  ]
}

function legacyNotes(issuer: string, { id, legacy = '', legacy_until: until = '' }: Client): string[] {
  const profile = tifProfileOf(legacy)
  const base = issuer + (profile?.base ?? casBase)
  return [
    `  protocol        ${legacy}, until ${until}`,
    ...(profile ? [`  client_id       ${id}`, `  service         ${profile.service}`] : []),
    `  sign-in         ${base}${profile ? '/authorize' : '/login'}`,
    ...(profile ? [`  token           ${base}/access_token`, `  account         ${base}/tokeninfo`] : []),
    ...(profile ? [] : [`  validation      ${base}/p3/serviceValidate`, `  sign-out        ${base}/logout`]),
  ]
}

const usualNotes = (issuer: string, client: Client): string[] => [
  `  issuer          ${issuer}`,
  `  discovery       ${issuer}/.well-known/openid-configuration`,
  `  client_id       ${client.id}`,
  `  authentication  ${client.auth_method}`,
  `  scope           ${client.scope.join(' ')}`,
]

interface AnswerOptions {
  notes?: string[]
  configuration?: string | undefined
  /** Other secrets that are shown once. */
  secrets?: Readonly<Record<string, string>>
}

/** The registration, with its new secret where there is one, and the configuration of its library. */
export function clientAnswer(
  client: Client,
  secret: string | undefined,
  { notes = [], configuration, secrets = {} }: AnswerOptions = {},
): Outcome {
  const { client_id, ...rest } = registrationOf(client)
  const shownSecret = secret === undefined ? {} : { client_secret: secret }
  const document = { client_id, ...shownSecret, ...secrets, ...rest }
  const said = [...(secret === undefined ? [] : ['', secretOnce]), ...notes]
  if (configuration === undefined) return { ok: true, document, notes: said }
  const rows = Object.entries(document).map(([name, value]) => [name, textOf(value)])
  return {
    ok: true,
    document: { ...document, configuration },
    shown: { columns: ['FIELD', 'VALUE'], rows },
    notes: [...said, '', 'Its configuration, ready to paste:', ''],
    raw: configuration.trimEnd().split('\n'),
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
