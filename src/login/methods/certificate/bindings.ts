import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Authenticator } from '../../../accounts/authenticators.ts'
import type { Database } from '../../../storage/database.ts'
import { name, type CertificateDeps } from './certificate-deps.ts'
import type { CertificateIdentity } from './identify.ts'

const level = z.union([z.literal(2), z.literal(3), z.literal(4)])

/** A stored binding. Nothing here names anyone but `shown`, which is sealed. */
const schema = z.object({
  ca: z.string(),
  kind: z.enum(['natural', 'legal']),
  /** The sign-in that bound it; no sign-in by it reaches more. */
  boundIn: z.object({ level, amr: z.array(z.string()) }),
  /** Its name and serial, sealed: for the pages of its person. */
  shown: z.string(),
})
type Stored = z.infer<typeof schema>

const shownSchema = z.object({ name: z.string(), serial: z.string() })

/** A certificate that a person has bound. */
export interface Binding extends Stored {
  authenticator: Authenticator
}

type Deps = Pick<CertificateDeps, 'authenticators' | 'blindIndex' | 'cipher'>

const shownAad = (id: string) => `authenticators.data:${id}`

const readBinding = (authenticator: Authenticator): Binding => ({
  ...schema.parse(JSON.parse(authenticator.data)),
  authenticator,
})

const lookupKeyOf = ({ blindIndex }: Pick<Deps, 'blindIndex'>, { key }: CertificateIdentity) =>
  blindIndex('certificate', key)

/** By issuer and public key: the next certificate of a CA for the same key is the same binding. */
export async function findBinding(deps: Deps, identity: CertificateIdentity): Promise<Binding | undefined> {
  const found = await deps.authenticators.findByLookupKey(name, lookupKeyOf(deps, identity))
  return found && readBinding(found)
}

export const bindingsOf = async (
  { authenticators }: Pick<Deps, 'authenticators'>,
  personId: string,
): Promise<Binding[]> => (await authenticators.list(personId, name)).map(readBinding)

/** Name and serial of the certificate of a binding. */
export const shownOf = ({ cipher }: Pick<Deps, 'cipher'>, { authenticator, shown }: Binding) =>
  shownSchema.parse(JSON.parse(cipher.open(shown, shownAad(authenticator.id))))

/** Stores a binding; undefined where the certificate is bound already, to whomever. */
export function addBinding(
  deps: Deps,
  within: Database,
  given: { personId: string; identity: CertificateIdentity; boundIn: Stored['boundIn'] },
): Promise<Authenticator | undefined> {
  const { personId, identity, boundIn } = given
  const { ca, subject, serial } = identity
  const id = randomUUID()
  const shown = deps.cipher.seal(JSON.stringify({ name: subject.name, serial }), shownAad(id))
  const data = JSON.stringify({ ca, kind: subject.kind, boundIn, shown } satisfies Stored)
  const lookupKey = lookupKeyOf(deps, identity)
  return deps.authenticators.add({ id, personId, kind: name, lookupKey, data }, within)
}
