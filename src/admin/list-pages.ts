import { invalid, type Outcome } from './outcome.ts'

/** Where a page of a list begins. */
export const afterField = {
  type: 'text',
  placeholder: 'ID',
  meaning: 'begin after this one: the last id of the page before',
} as const

const maxListed = 1000

/** The number of entries on a page. */
export const limitField = {
  type: 'number',
  default: 50,
  placeholder: 'NUMBER',
  meaning: `how many, at most ${maxListed}`,
} as const

/** The failure for a limit out of range; undefined for a valid one. */
export const limitFault = (limit: number): Outcome | undefined =>
  limit >= 1 && limit <= maxListed
    ? undefined
    : invalid({ field: 'limit', message: `must be between 1 and ${maxListed}` })

/** The command for the next page, where more entries were found than the page shows. */
export const nextPage = (noun: string, limit: number, found: readonly { id: string }[]): string[] =>
  found.length > limit ? [`More: npx yideng ${noun} list --limit ${limit} --after ${found[limit - 1]?.id}`] : []
