import type { Services } from '../../services.ts'
import type { Input } from '../fields.ts'
import { failed, iso } from '../outcome.ts'
import { actorWithReason, personCommand, reasonField } from './person-command.ts'

const provingProblems = {
  gone: 'The account is not active.',
  not_matched: 'The population register does not have this name with this number.',
  held_by_face: 'Another account that has this number was verified by a face.',
}

/** Every account that may lose the number, and the account that proves it. */
async function withRivals({ persons, identityProofs }: Services, { id }: Input): Promise<string[]> {
  const named = typeof id === 'string' ? id : ''
  const person = await persons.find(named)
  return [named, ...(person ? await identityProofs.rivalsOf(person) : [])]
}

export default personCommand({
  fields: {
    'both-present': {
      type: 'boolean',
      meaning: 'you saw the holders of both accounts: the other account loses the number at once',
    },
    reason: reasonField,
  },
  access: {
    role: 'operator',
    about: 'system',
    touches: ['the level of an account', 'the holder of a document number', 'the standing of an account'],
    accounts: withRivals,
  },
  example: 'npx yideng person prove 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, input, person) {
    const { identityProofs } = await context.services()
    const seen = { bothPresent: input['both-present'] }
    const proved = await identityProofs.proveAtCounter(person, seen, actorWithReason(context, input))
    if (!proved.ok) return failed(provingProblems[proved.problem])
    if (!('waits' in proved)) {
      return { ok: true, document: { id: person.id, level: 4, bound: proved.bound, superseded: proved.superseded } }
    }
    const { holderId, dueAt } = proved.waits
    const document = { id: person.id, level: person.identityLevel, holder: holderId, waits_until: iso(dueAt) }
    const notes = [
      'Another account has this number and is notified. It loses the number then, unless a face or an administrator keeps it.',
    ]
    return { ok: true, document, notes }
  },
})
