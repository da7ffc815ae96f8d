import { Provider, type InteractionResults } from 'oidc-provider'
import { isEnded } from '../../accounts/sign-in-endings.ts'
import { readSignInRecord } from '../../sessions/remember-origin.ts'
import type { ReadPerson } from '../person-of-request.ts'

/** A running login as oidc-provider stores it (its lib/models/interaction.js). */
interface Interaction {
  result?: InteractionResults
  /** The result of the previous question. The new result is merged into it. */
  lastSubmission?: InteractionResults
  session?: { uid?: string }
}

const resuming: ReadonlySet<string | undefined> = new Set(['resume', 'device_resume'])

/**
 * A login may wait between its proof and its next request. If sign-ins of the person end in between, the proof no longer counts.
 * Then the result is removed and the person is asked again. The account is read from the store: a session begins here.
 */
export function dropEndedLogins(provider: Provider, readPerson: ReadPerson): void {
  const model = provider.Interaction as unknown as { find(id: string): Promise<Interaction | undefined> }
  const find = model.find.bind(model)
  model.find = async (id) => {
    const interaction = await find(id)
    if (
      interaction?.result?.login &&
      resuming.has(Provider.ctx?.oidc?.route) &&
      !(await counts(interaction, readPerson))
    )
      delete interaction.result
    return interaction
  }
}

async function counts(interaction: Interaction, readPerson: ReadPerson): Promise<boolean> {
  const { result = {}, lastSubmission = {}, session } = interaction
  const { accountId, ts } = result.login ?? {}
  const person = accountId === undefined ? undefined : await readPerson(accountId)
  if (person?.status !== 'active' || ts === undefined) return false
  const signIn = readSignInRecord(result)
  const isNew = signIn !== undefined && signIn.id !== readSignInRecord(lastSubmission)?.id
  // a sign-in that was used before, or that only raised a level, depends on its session
  return isNew ? signIn.epoch === person.endings.epoch : !isEnded(person.endings, { at: ts, sessionUid: session?.uid })
}
