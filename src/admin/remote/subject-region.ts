import { parseCreditCode, registeredRegion } from '../../accounts/identifiers/gb32100.ts'
import type { ClientMetadata } from '../../clients/metadata.ts'
import { effectiveSector } from '../../clients/sector.ts'
import { isRegion } from '../../config/regions.ts'
import type { Services } from '../../services.ts'
import { portalAfter } from '../clients/portal-after.ts'
import type { Subject } from '../command.ts'
import type { Input } from '../fields.ts'
import { isAccountId } from '../persons/which-person.ts'
import { notFound } from '../outcome.ts'

/** A region (GB/T 2260). Undefined: the whole province. */
type Region = string | undefined

/** The regions of the subject of a command. */
interface SubjectRegions {
  before: readonly Region[]
  after: readonly Region[]
  /** The field by which a portal gets the subject identifiers of other portals, and their regions (OIDC Core 8.1). */
  shares?: { field: 'subject-type' | 'sector' | 'redirect-uri'; with: readonly Region[] }
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** The region of an organisation. Undefined where the state or the province registered it, or the region is unknown. */
export function regionOfOrganisation(uscc: string): Region {
  const region = registeredRegion(uscc)
  return isRegion(region) && !region.endsWith('0000') ? region : undefined
}

/** Public subject identifiers are the same in the whole province; those of a sector in all its portals. */
async function sharedSubjects(services: Services, input: Input): Promise<Pick<SubjectRegions, 'shares'>> {
  const portal = await portalAfter(services, input)
  if (!portal) return {}
  const { before, after } = portal
  if (before && sameSubjects(before, after)) return {}
  if (after.subject_type === 'public') return { shares: { field: 'subject-type', with: [undefined] } }
  const sector = effectiveSector(after)
  if (sector === undefined) return {}
  const others = (await services.clients.list()).filter(
    (one) => one.id !== input['id'] && effectiveSector(one) === sector,
  )
  const field = after.sector === undefined ? 'redirect-uri' : 'sector'
  return { shares: { field, with: others.map(({ region }) => region) } }
}

const sameSubjects = (one: ClientMetadata, other: ClientMetadata) =>
  one.subject_type === other.subject_type && effectiveSector(one) === effectiveSector(other)

/** By subject; undefined where the subject does not exist. */
const finders: { [S in Subject]: (services: Services, input: Input) => Promise<SubjectRegions | undefined> } = {
  async portal(services, input) {
    const { id, region } = input
    const after = region === undefined && id !== undefined ? [] : [text(region) || undefined]
    const shares = await sharedSubjects(services, input)
    if (id === undefined) return { before: [], after, ...shares }
    const client = await services.clients.find(text(id))
    return client && { before: [client.region], after, ...shares }
  },

  async organisation({ legalPersons }, { id, uscc }) {
    if (id === undefined) {
      const code = parseCreditCode(text(uscc))
      // the command itself refuses an invalid code
      return { before: [], after: code.ok ? [regionOfOrganisation(code.uscc)] : [] }
    }
    const found = await legalPersons.find(text(id))
    return found && { before: [regionOfOrganisation(found.uscc)], after: [] }
  },

  async administrator({ administrators }, { id, region }) {
    const wanted = region === undefined ? [] : [text(region)]
    // the command looks this person up, and is authorised again with the id (authorise.ts)
    if (!isAccountId(text(id))) return { before: [], after: wanted }
    const found = await administrators.find(text(id))
    return found || wanted.length > 0 ? { before: found ? [found.region] : [], after: wanted } : undefined
  },

  async approval({ approvals }, { id }) {
    const found = await approvals.find(text(id))
    return found && { before: [found.region], after: [] }
  },

  rows: async () => ({ before: [], after: [] }),
  system: async () => ({ before: [], after: [undefined] }),
}

/** The regions of the subject of a command, before and after it; undefined where it does not exist. */
export const regionsOfSubject = (services: Services, about: Subject, input: Input) => finders[about](services, input)

const words: { [S in Subject]: string } = {
  portal: 'portal',
  organisation: 'organisation',
  administrator: 'administrator',
  approval: 'request',
  rows: 'entry',
  system: 'entry',
}

/** The same answer for a missing subject and for one in another region: the answer of the command itself. */
export const subjectNotFound = (about: Subject, { id }: Input) => notFound(words[about], text(id))
