import type { Client } from '../../clients/clients.ts'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../outcome.ts'
import { registrationOf } from './registration-fields.ts'

/** Shown with every new secret. */
export const secretOnce =
  'The secret is shown only now: Yideng keeps no copy. If it is lost: npx yideng client rotate-secret ID'

/** The values that the developers of a portal need, ready to copy. */
export async function developerNotes(context: CommandContext, client: Client): Promise<string[]> {
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

/** The registration, with its new secret where there is one. */
export function clientAnswer(client: Client, secret: string | undefined, notes: string[] = []): Outcome {
  const { client_id, ...rest } = registrationOf(client)
  const document = { client_id, ...(secret === undefined ? {} : { client_secret: secret }), ...rest }
  return { ok: true, document, notes: [...(secret === undefined ? [] : ['', secretOnce]), ...notes] }
}
