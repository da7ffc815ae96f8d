import { randomInt } from 'node:crypto'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** 62^27 is more than 2^160, and with its prefix a ticket keeps to 32 characters (CAS Protocol 3.0.3 section 3.1.1). */
const length = 27

/** A new service ticket: letters and digits (section 3.7), 160 random bits. */
export const newTicket = (): string =>
  `ST-${Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')}`
