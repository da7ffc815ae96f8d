import type { PersonalData } from '../accounts/natural-persons.ts'
import { parseDocument } from '../accounts/identifiers/documents.ts'
import { matchKey } from '../accounts/identifiers/names.ts'
import type { Clock } from '../config/clock.ts'
import { daySeconds } from '../config/time.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { createLimits } from './limits.ts'

const weekSeconds = 7 * daySeconds
/** Questions about one number, with any name. A person who mistypes asks a few times. */
const ofNumber = { name: 'register-number', most: 5, seconds: daySeconds }
/**
 * Questions about one name with one birth date, with any number: 1,000 serials fit a date and a region. A few must
 * pass, because several people share a name and a birthday. Beyond it, the wait is a week.
 */
const ofName = { name: 'register-name', most: 10, seconds: weekSeconds, longest: weekSeconds }

/**
 * Limits matches with the population register, by number and by name, over all networks and accounts. So a client
 * cannot find out a number, or its owner, by asking. Over the limit, the answer is the one for no match.
 */
export interface RegisterMatches {
  /** Counts a question; true when the answer must be "no match". */
  silent(claim: Pick<PersonalData, 'documentType' | 'documentNumber' | 'name'>): Promise<boolean>
}

export function createRegisterMatches(options: {
  artifacts: Artifacts
  blindIndex: BlindIndex
  clock: Clock
}): RegisterMatches {
  const { artifacts, blindIndex, clock } = options
  const limits = createLimits(artifacts, clock)

  /** Birth date in the number; empty when there is none. */
  function birthDateOf(type: string, number: string): string {
    const parsed = parseDocument({ type, number, today: new Date(clock()) })
    return (parsed.ok && parsed.document.birthDate) || ''
  }

  return {
    async silent({ documentType, documentNumber, name }) {
      const born = birthDateOf(documentType, documentNumber)
      const waits = await Promise.all([
        limits.count(ofNumber, blindIndex('register-number', `${documentType}:${documentNumber}`)),
        limits.count(ofName, blindIndex('register-name', `${documentType}:${born}:${matchKey(name)}`)),
      ])
      return Math.max(...waits) > 0
    },
  }
}
