import { command, failed, idField, invalid, iso, notFound, type Command } from '../command.ts'

const id = idField('person')
const exampleId = '3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11'
const unknown = (given: string) => notFound('person', given)

const provingProblems = {
  gone: 'The account is not active.',
  not_matched: 'The population register does not have this name with this number.',
  held_by_face: 'Another account that has this number was verified by a face.',
}

/** What a counter saw of a person, and whose a document number is. */
export const proofCommands: Command[] = [
  command({
    noun: 'person',
    verb: 'prove',
    summary:
      'say that you saw a person with their original document: level 4 without a face; passkeys made in the ten minutes ' +
      'before are bound, and another account that has the number loses it after a waiting period',
    fields: {
      id,
      'both-present': {
        type: 'boolean',
        meaning: 'you saw the holders of both accounts: the other one loses the number at once',
      },
    },
    access: { role: 'operator', about: 'system' },
    example: `npx yideng person prove ${exampleId}`,
    async run(context, input) {
      const { persons, faceProofs } = await context.services()
      const person = await persons.find(input.id)
      if (!person) return unknown(input.id)
      const seen = { bothPresent: input['both-present'] }
      const proved = await faceProofs.proveAtCounter(person, seen, { actor: context.actor })
      if (!proved.ok) return failed(provingProblems[proved.problem])
      if (!('waits' in proved)) {
        return { ok: true, document: { id: person.id, level: 4, bound: proved.bound, superseded: proved.superseded } }
      }
      const { holderId, dueAt } = proved.waits
      const document = { id: person.id, level: person.identityLevel, holder: holderId, waits_until: iso(dueAt) }
      const notes = [
        'Another account has this number and was told. It loses the number then, unless a face or an administrator keeps it.',
      ]
      return { ok: true, document, notes }
    },
  }),
  command({
    noun: 'person',
    verb: 'keep-number',
    summary: 'let an account keep its document number: what waits to take it away ends',
    fields: { id },
    access: { role: 'operator', about: 'system' },
    example: `npx yideng person keep-number ${exampleId}`,
    async run(context, input) {
      const { persons, faceProofs } = await context.services()
      const person = await persons.find(input.id)
      if (!person) return unknown(input.id)
      const ended = await faceProofs.keepNumber(person, { actor: context.actor })
      if (ended === 0) return failed('Nothing waits to take the number of this account away.')
      return { ok: true, document: { id: person.id, ended } }
    },
  }),
  command({
    noun: 'person',
    verb: 'agree-face',
    summary:
      'keep that a guardian, seen at the counter with the household register, agrees to face verification of a child under 14',
    fields: {
      id,
      guardian: {
        type: 'text',
        required: true,
        placeholder: 'ID',
        meaning: 'id of the account of the guardian, level 3 or more',
      },
    },
    access: { role: 'operator', about: 'system' },
    example: `npx yideng person agree-face ${exampleId} --guardian 9d2c7c0e-5f7a-4a53-9a3e-0a2f6c1b7d22`,
    async run(context, input) {
      const { persons, faceConsents } = await context.services()
      const [person, guardian] = await Promise.all([persons.find(input.id), persons.find(input.guardian)])
      if (!person) return unknown(input.id)
      if (!guardian) return unknown(input.guardian)
      const given = await faceConsents.giveFor(person, guardian, { actor: context.actor })
      if (given === 'given') return { ok: true, document: { id: person.id, guardian: guardian.id } }
      const message =
        given === 'not_a_child'
          ? 'This person is 14 or older and agrees by themself, on the page of the account centre.'
          : 'The guardian must be an active grown-up of level 3 or more.'
      return invalid({ field: given === 'not_a_child' ? 'id' : 'guardian', message })
    },
  }),
  command({
    noun: 'person',
    verb: 'withdraw-face',
    summary: 'take back the consent to face verification and erase the template, for a person or a guardian who asks',
    fields: { id },
    access: { role: 'operator', about: 'system' },
    example: `npx yideng person withdraw-face ${exampleId}`,
    async run(context, input) {
      const { persons, faceConsents } = await context.services()
      const person = await persons.find(input.id)
      if (!person) return unknown(input.id)
      const erased = await faceConsents.withdraw(person, { actor: context.actor })
      return { ok: true, document: { id: person.id, erased } }
    },
  }),
]
