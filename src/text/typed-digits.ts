import { withoutInvisible } from './invisible.ts'

/** More than a code in words needs, in UTF-16 units. */
const longest = 256

/** The digits of a typed code: also full-width ones, with spaces, hyphens and invisible marks between. Empty where there is none. */
export const typedDigits = (text = ''): string =>
  withoutInvisible(text.slice(0, longest)).normalize('NFKC').replaceAll(/\D/g, '')
