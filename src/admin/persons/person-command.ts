import type { NaturalPerson } from '../../accounts/natural-persons.ts'
import type { CommandDefinition } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import type { Fields, Values } from '../fields.ts'
import type { Outcome } from '../outcome.ts'
import { noPerson, selectorFields, withPersonId } from './which-person.ts'

/** Why the act is done: sealed in its audit entry. */
export const reasonField = {
  type: 'text',
  placeholder: 'TEXT',
  meaning: 'the reason, sealed in the audit log; the person can read it in their own data',
} as const

/** The actor of an act, with its reason sealed in the audit entry. */
export const actorWithReason = ({ actor }: CommandContext, { reason }: { reason?: string | undefined }) =>
  reason ? { actor, restricted: { reason } } : { actor }

/**
 * Defines a command about one person, whom its input names by id, document number, phone or username.
 * `run` gets that person. Who may run it, who must agree, and the audit log see the id only.
 */
export function personCommand<const F extends Fields>(
  definition: Omit<CommandDefinition, 'fields' | 'run'> & {
    fields: F
    run(context: CommandContext, input: Values<F>, person: NaturalPerson): Promise<Outcome>
  },
): CommandDefinition {
  return {
    resolve: withPersonId,
    ...definition,
    fields: { ...selectorFields, ...definition.fields },
    async run(context, input) {
      const { persons } = await context.services()
      const person = await persons.find(String(input['id']))
      // the fields were parsed by their types
      return person ? definition.run(context, input as Values<F>, person) : noPerson
    },
  }
}
