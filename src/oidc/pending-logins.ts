import { Provider, type InteractionResults } from 'oidc-provider'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import { isEnded } from '../accounts/sign-in-endings.ts'
import { readSignIn } from '../sessions/memory.ts'

/** A running login as oidc-provider keeps it (its lib/models/interaction.js). */
interface Interaction {
  result?: InteractionResults
  /** The result of the question before, which the new one is added to. */
  lastSubmission?: InteractionResults
  session?: { uid?: string }
}

const resuming: ReadonlySet<string | undefined> = new Set(['resume', 'device_resume'])

/**
 * Takes the result out of a login that was proven before sign-ins of its person were ended and is picked up after it: the person
 * is asked again. The account is read anew here, for a session begins with this request.
 */
export function dropEndedLogins(provider: Provider, persons: Pick<NaturalPersons, 'find'>): void {
  const model = provider.Interaction as unknown as { find(id: string): Promise<Interaction | undefined> }
  const find = model.find.bind(model)
  model.find = async (id) => {
    const interaction = await find(id)
    if (interaction?.result?.login && resuming.has(Provider.ctx?.oidc?.route) && !(await stands(interaction, persons)))
      delete interaction.result
    return interaction
  }
}

async function stands(interaction: Interaction, persons: Pick<NaturalPersons, 'find'>): Promise<boolean> {
  const { result = {}, lastSubmission = {}, session } = interaction
  const { accountId, ts } = result.login ?? {}
  const person = accountId === undefined ? undefined : await persons.find(accountId)
  if (person?.status !== 'active' || ts === undefined) return false
  const signIn = readSignIn(result)
  const pending = signIn !== undefined && signIn.id !== readSignIn(lastSubmission)?.id
  // one that was picked up already, or only raises a level: its session has to count
  return pending
    ? signIn.epoch === person.endings.epoch
    : !isEnded(person.endings, { at: ts, sessionUid: session?.uid })
}
