export type { Check as Finding } from '../outcome.ts'

/** The advice for a wrong clock. */
export const setClock = 'timedatectl set-ntp true; timedatectl says when the clock is synchronized'
