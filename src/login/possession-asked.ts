import type { Attempt } from './attempt.ts'

/** The name of the offer to show once that one is the person of the document (questions/possession-offer.ts). */
export const possessionOffer = 'possession'

/** Whether this login asks for a possession now: the methods that show one then end in `LoginHost.offered`. */
export const asksPossession = ({ question, interaction }: Pick<Attempt, 'question' | 'interaction'>): boolean =>
  question === 'offer' && interaction.prompt.details['offer'] === possessionOffer
