import type { PersonalData } from '../accounts/natural-persons.ts'
import { parseDocument } from '../accounts/identifiers/documents.ts'
import { matchKey } from '../accounts/identifiers/names.ts'
import type { Clock } from '../config/clock.ts'
import { daySeconds } from '../config/time.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { createLimits } from './limits.ts'

const weekSeconds = 7 * daySeconds
/** Questions about one number, whichever names. A person who mistypes asks a few times. */
const ofNumber = { name: 'register-number', most: 5, seconds: daySeconds }
/**
 * Questions about one name with one birth date, whichever numbers: 1,000 serials fit a date and a region. Several people of
 * one name are born on one day, so a few must pass. Beyond it, a week's wait.
 */
const ofName = { name: 'register-name', most: 10, seconds: weekSeconds, longest: weekSeconds }

/**
 * Matches with the population register, counted per number and per name over all addresses and accounts, so that nobody
 * finds out a person's number, or whose it is, by asking. Whoever may ask no more is answered as where nothing matches.
 */
export interface RegisterMatches {
  /** Counts a question; true where the answer must not be told. */
  silent(claim: Pick<PersonalData, 'documentType' | 'documentNumber' | 'name'>): Promise<boolean>
}

export function createRegisterMatches(options: {
  artifacts: Artifacts
  blindIndex: BlindIndex
  clock: Clock
}): RegisterMatches {
  const { artifacts, blindIndex, clock } = options
  const limits = createLimits(artifacts, clock)

  /** Where the number holds one. */
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
