import { isHeld, type Actor, type NaturalPerson } from '../../../accounts/natural-persons.ts'
import { tellOfAuthenticator } from '../../../accounts/notices.ts'
import { orUndo, Undo } from '../../../accounts/undo.ts'
import { isByQr, limitedWay, type Level } from '../../../assurance/levels.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { Session } from '../../../sessions/sessions.ts'
import { isOver } from '../../is-over.ts'
import { addBinding, bindingsOf } from './bindings.ts'
import type { CertificateAuthority } from './cas-file.ts'
import { name, type CertificateDeps } from './certificate-deps.ts'
import { fits } from './fits.ts'
import type { CertificateIdentity } from './identify.ts'

/** More than a person has; a thief of an account may not fill it. */
const mostBindings = 10

interface SignIn {
  person: NaturalPerson
  amr: readonly string[]
  level: Level
}

/**
 * Whether a sign-in may bind a certificate. It is as strong as a change of authenticators needs, and has the level that the
 * certificate will give. The certificate names this person, or a legal person that they act for.
 */
export async function mayBind(
  deps: CertificateDeps,
  ca: CertificateAuthority | undefined,
  { subject }: CertificateIdentity,
  { person, amr, level }: SignIn,
): Promise<boolean> {
  const isStrong = amr.length > 0 && !isByQr(amr) && limitedWay(amr) === undefined && level >= (ca?.level ?? Infinity)
  const isSound = person.status === 'active' && person.closesAt === null && !isHeld(person, deps.clock())
  return isStrong && isSound && (await fits(deps, person, subject))
}

/**
 * Binds a certificate to the person of a session, with its audit entry and notice. The unique index decides between two persons.
 * @throws Refusal `certificate_taken` where it is bound already, `login_expired` where the sign-in was ended since
 */
export async function bind(
  deps: CertificateDeps,
  given: { personId: string; session: Session; identity: CertificateIdentity; by: Actor },
): Promise<void> {
  const { database, audit, notifier } = deps
  const { personId, session, identity, by } = given
  const refuse = async (fault: string) => {
    const details = { ca: identity.ca, fault }
    await audit.record({ event: 'certificate.bind-refused', ...by, personId, details })
    throw new Refusal('certificate_taken', fault)
  }
  if ((await bindingsOf(deps, personId)).length >= mostBindings) return refuse('too_many')
  const added = await orUndo(database, async (transaction) => {
    const boundIn = { level: session.level, amr: [...session.amr] }
    const row = await addBinding(deps, transaction, { personId, identity, boundIn })
    if (!row) throw new Undo()
    // writers are one after another: a remedy that came before this row has ended the session
    if (await isOver(transaction, session)) throw new Refusal('login_expired', 'the sign-in was ended')
    const { ca, subject } = identity
    const details = { kind: name, authenticator: row.id, ca, names: subject.kind, level: session.level }
    await audit.append(transaction, { event: 'certificate.bound', ...by, personId, details })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-added', personId, method: name, by }, transaction)
    return row
  })
  // without a notice: it would name one person to the other
  if (!added) return refuse('taken')
  return undefined
}
