import type { Client } from '../../clients/clients.ts'
import type { ClientMetadata } from '../../clients/metadata.ts'
import { needsSecret } from '../../clients/secrets.ts'
import { effectiveSector } from '../../clients/sector.ts'
import { sm2Algorithm } from '../../keys/guomi/sm2.ts'
import { openTokenKeys } from '../../keys/token-keys.ts'
import { createRegistrationCheck, type FaultOfRegistration } from '../../oidc/registration-check.ts'
import type { Services } from '../../services.ts'
import { readUpstreams } from '../../upstreams/upstreams.ts'
import type { Problem } from '../outcome.ts'

const sectorOf = (client: ClientMetadata) => (client.subject_type === 'public' ? 'public' : effectiveSector(client))

/** What keeps every `sub` as it was. */
function keeping(before: ClientMetadata): string {
  if (before.subject_type === 'public') return '--subject-type public keeps them'
  const sector = effectiveSector(before)
  return sector ? `--sector https://${sector}/ keeps them` : 'nothing but the addresses of before keeps them'
}

/** A change after which the portal would know no account again (OIDC Core 8.1), unless it is forced. */
async function problemsOfSubjects({ database }: Services, before: Client, after: ClientMetadata): Promise<Problem[]> {
  if (before.type === 'service' || sectorOf(before) === sectorOf(after)) return []
  const { people } = await database
    .selectFrom('consents')
    .where('client_id', '=', before.id)
    .select(({ fn }) => fn.count<number>('person_id').distinct().as('people'))
    .executeTakeFirstOrThrow()
  const who = before.consent === 'implicit' ? 'everybody who used it (it asks for no consent)' : `${people} people`
  const message =
    `changes: every sub at this portal becomes another one, and it loses the accounts of ${who}. ` +
    `${keeping(before)}; --force changes them`
  return [{ field: 'sector', message }]
}

/** Checks registrations as the server of this store builds them. */
export const registrationCheckOf = ({ settings, clock }: Services): FaultOfRegistration =>
  createRegistrationCheck(openTokenKeys(settings, clock))

/** What oidc-provider itself would refuse in each request of the portal. */
async function problemsOfProvider(
  { faultOf, hasSm2 }: { faultOf: FaultOfRegistration; hasSm2: boolean },
  metadata: ClientMetadata,
): Promise<Problem[]> {
  if (metadata.id_token_alg === sm2Algorithm && !hasSm2)
    return [{ field: 'id-token-alg', message: 'needs a key of SM2, and this server has none: see YIDENG_SM2_KEYS' }]
  const secretHash = needsSecret(metadata) ? 'of no secret' : null
  const client = { ...metadata, id: 'registration', status: 'active' as const, secretHash, createdAt: 0, updatedAt: 0 }
  const fault = await faultOf(client)
  return fault === undefined ? [] : [{ message: `No sign-in could succeed: ${fault}.` }]
}

/** An upstream that the settings do not have; one that was taken out of them since stops no other change. */
function problemsOfUpstream(
  { settings }: Services,
  before: Client | undefined,
  { upstream }: ClientMetadata,
): Problem[] {
  if (upstream === undefined || upstream === before?.upstream) return []
  if (readUpstreams(settings).some(({ id }) => id === upstream)) return []
  return [{ field: 'upstream', message: `${JSON.stringify(upstream)} is no upstream of the setting YIDENG_UPSTREAMS` }]
}

/** A registration before and after a command; a new portal has none before. */
export interface RegistrationChange {
  before?: Client | undefined
  after: ClientMetadata
}

/** Problems of a change that the registration alone does not show. One check serves all portals of a command. */
export function problemsOfChanges(services: Services, { force }: { force: boolean }) {
  const { settings, clock } = services
  const faultOf = registrationCheckOf(services)
  const hasSm2 = openTokenKeys(settings, clock).some(({ alg }) => alg === sm2Algorithm)
  return async ({ before, after }: RegistrationChange): Promise<Problem[]> => [
    ...(force || !before ? [] : await problemsOfSubjects(services, before, after)),
    ...problemsOfUpstream(services, before, after),
    ...(await problemsOfProvider({ faultOf, hasSm2 }, after)),
  ]
}
