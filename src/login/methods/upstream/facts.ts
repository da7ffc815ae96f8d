import { matchKey } from '../../../accounts/identifiers/names.ts'
import { isHeld, type NaturalPerson } from '../../../accounts/natural-persons.ts'
import type { UpstreamLink } from '../../../accounts/upstream-links.ts'
import type { UpstreamIdentity } from '../../../upstreams/upstream-client.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'
import { decide, type Decision, type LinkFacts } from './decide.ts'
import { name as method, type UpstreamDeps } from './upstream-deps.ts'

/** More than one is as good as many. */
const mostHolders = 10

interface Came {
  upstream: Upstream
  identity: UpstreamIdentity
  link: UpstreamLink | undefined
}

/** The decision about an account of an upstream that has just come. `holder`: the person to link it to. */
export type Decided = { decision: Exclude<Decision, 'link'> } | { decision: 'link'; holder: NaturalPerson }

/** Gathers the facts, and decides by them. Our register is asked only where its yes would link. */
export async function decideAbout(deps: UpstreamDeps, came: Came): Promise<Decided> {
  const { upstream, identity } = came
  const { document, name } = identity
  const holders = document ? await holdersOf(deps, document) : []
  const [holder] = holders
  const known: LinkFacts = {
    link: await linkFact(deps, came),
    linking: upstream.linking,
    authoritative: document !== undefined && name !== undefined && upstream.authoritativeFor.includes(document.type),
    level: identity.level,
    matched: true,
    holders: holders.length,
    holderFits: holder !== undefined && name !== undefined && (await fits(deps, holder, name)),
  }
  const decision = decide(known)
  if (decision !== 'link' || !holder) return { decision: decision === 'link' ? 'ask' : decision }
  const matched = document !== undefined && name !== undefined && (await matches(deps, document, name))
  return decide({ ...known, matched }) === 'link' ? { decision: 'link', holder } : { decision: 'ask' }
}

/** A link that has no number yet is held against the number of its person. */
async function linkFact(
  { persons, upstreamLinks }: UpstreamDeps,
  { link, identity }: Came,
): Promise<LinkFacts['link']> {
  if (!link) return 'none'
  if (upstreamLinks.isOtherDocument(link, identity.document)) return 'other-document'
  const person = link.documentIndex === null ? await persons.find(link.personId) : undefined
  return person && isOtherPerson({ persons }, person, identity) ? 'other-document' : 'right'
}

/** Both sides have proven a number of the same type, and the numbers differ. */
export function isOtherPerson(
  { persons }: Pick<UpstreamDeps, 'persons'>,
  person: NaturalPerson,
  { level, document }: Pick<UpstreamIdentity, 'level' | 'document'>,
): boolean {
  if (!document || level < 3 || person.identityLevel < 3 || person.row.document_type !== document.type) return false
  return persons.open(person, 'document_number') !== document.number
}

/** The upstream has proven the number that the person has here. */
export const hasOwnNumber = (
  { persons }: Pick<UpstreamDeps, 'persons'>,
  person: NaturalPerson,
  { level, document }: Pick<UpstreamIdentity, 'level' | 'document'>,
): boolean =>
  document !== undefined &&
  level >= 3 &&
  person.row.document_type === document.type &&
  persons.open(person, 'document_number') === document.number

type AssertedNumber = NonNullable<UpstreamIdentity['document']>

/** The persons who are known by this number. */
async function holdersOf({ persons }: UpstreamDeps, { type, number }: AssertedNumber): Promise<NaturalPerson[]> {
  const found = await persons.findAll([{ kind: 'document', value: number }], mostHolders)
  return found.filter(
    ({ identityLevel, status, row }) => identityLevel >= 3 && status !== 'closed' && row.document_type === type,
  )
}

/** Whether a person may get a way to sign in now. An account that its owner closes, or that was recovered just now, gets none. */
export const mayGetLink = async ({ methodLocks, clock }: UpstreamDeps, person: NaturalPerson): Promise<boolean> =>
  person.status === 'active' &&
  person.closesAt === null &&
  !isHeld(person, clock()) &&
  !(await methodLocks.locked(person.id, method))

async function fits(deps: UpstreamDeps, holder: NaturalPerson, name: string): Promise<boolean> {
  const isNamed = matchKey(deps.persons.open(holder, 'name')) === matchKey(name)
  return isNamed && holder.possession !== null && (await mayGetLink(deps, holder))
}

/** Over the limit of questions the register gives no answer (guards/register-matches.ts). */
async function matches({ register, matches: limits }: UpstreamDeps, { type, number }: AssertedNumber, name: string) {
  const claim = { documentType: type, documentNumber: number }
  const silent = await limits.silent({ ...claim, name })
  return (await register.match({ ...claim, nameKey: matchKey(name) })) === 'match' && !silent
}
