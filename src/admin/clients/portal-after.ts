import { metadataAfter } from '../../clients/client.ts'
import { parseClientMetadata } from '../../clients/metadata.ts'
import type { Services } from '../../services.ts'
import type { ConditionalTouch } from '../duties.ts'
import type { Input } from '../fields.ts'
import { changesOf, metadataOf } from './registration-fields.ts'
import type { RegistrationChange } from './registration-problems.ts'

/** The registration of a portal after `client create` or `client update`; undefined where the command will refuse the input. */
export async function portalAfter(
  { clients, settings }: Services,
  { id, ...input }: Input,
): Promise<RegistrationChange | undefined> {
  const before = id === undefined ? undefined : await clients.find(typeof id === 'string' ? id : '')
  if (id !== undefined && !before) return undefined
  const { idTokenAlg } = settings
  const parsed = before
    ? metadataAfter(before, changesOf(input), idTokenAlg)
    : parseClientMetadata(metadataOf(input), idTokenAlg)
  return parsed.ok ? { before, after: parsed.metadata } : undefined
}

const personalScopes: ReadonlySet<string> = new Set(['identity', 'phone'])

/** A portal that gets the identity or phone number of people without their consent. */
export const silentPortal: ConditionalTouch = {
  touch: 'identity or phone for a portal without consent',
  when: 'when it then has consent implicit and scope identity or phone',
  async applies(services, input) {
    const after = (await portalAfter(services, input))?.after
    return after?.consent === 'implicit' && after.scope.some((one) => personalScopes.has(one))
  },
}
