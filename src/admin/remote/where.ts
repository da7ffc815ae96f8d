import { parseCreditCode, registeredRegion } from '../../accounts/identifiers/gb32100.ts'
import type { ClientMetadata } from '../../clients/metadata.ts'
import { effectiveSector } from '../../clients/sector.ts'
import { isRegion } from '../../config/regions.ts'
import { notFound, type About, type Input } from '../command.ts'
import { portalAfter } from '../duties.ts'
import type { Services } from '../../services.ts'

/** A region (GB/T 2260), or none: then it belongs to the whole house. */
type Region = string | undefined

/** Where lies what a command is about, and where it is to lie when it is done. */
interface Where {
  lies: readonly Region[]
  goes: readonly Region[]
  /** Of a portal the field that gives it the subjects of others, and where those are (OIDC Core 8.1). */
  shares?: { field: 'subject-type' | 'sector' | 'redirect-uri'; with: readonly Region[] }
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** What the state or a province registered, or a place we do not know, is not one city's. */
export function regionOfOrganisation(uscc: string): Region {
  const region = registeredRegion(uscc)
  return isRegion(region) && !region.endsWith('0000') ? region : undefined
}

/** Public subjects are those of the whole house; those of a sector are the same for all its portals. */
async function sharedSubjects(services: Services, input: Input): Promise<Pick<Where, 'shares'>> {
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

/** Undefined when there is no such thing. */
const finders: { [A in About]: (services: Services, input: Input) => Promise<Where | undefined> } = {
  async portal(services, input) {
    const { id, region } = input
    const goes = region === undefined && id !== undefined ? [] : [text(region) || undefined]
    const shares = await sharedSubjects(services, input)
    if (id === undefined) return { lies: [], goes, ...shares }
    const client = await services.clients.find(text(id))
    return client && { lies: [client.region], goes, ...shares }
  },

  async organisation({ legalPersons }, { id, uscc }) {
    if (id === undefined) {
      const code = parseCreditCode(text(uscc))
      // the command itself refuses what is no code
      return { lies: [], goes: code.ok ? [regionOfOrganisation(code.uscc)] : [] }
    }
    const found = await legalPersons.find(text(id))
    return found && { lies: [regionOfOrganisation(found.uscc)], goes: [] }
  },

  async administrator({ administrators }, { id, region }) {
    const found = await administrators.find(text(id))
    const goes = region === undefined ? [] : [text(region)]
    return found || goes.length > 0 ? { lies: found ? [found.region] : [], goes } : undefined
  },

  async approval({ approvals }, { id }) {
    const found = await approvals.find(text(id))
    return found && { lies: [found.region], goes: [] }
  },

  rows: async () => ({ lies: [], goes: [] }),
  system: async () => ({ lies: [], goes: [undefined] }),
}

export const findWhere = (services: Services, about: About, input: Input) => finders[about](services, input)

const words: { [A in About]: string } = {
  portal: 'portal',
  organisation: 'organisation',
  administrator: 'administrator',
  approval: 'request',
  rows: 'entry',
  system: 'entry',
}

/** The same answer for what is not there and for what lies elsewhere: that of the command itself. */
export const notThere = (about: About, { id }: Input) => notFound(words[about], text(id))
