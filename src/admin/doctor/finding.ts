/** The result of one check. */
export interface Finding {
  state: 'ok' | 'warn' | 'fail'
  what: string
  finding: string
  todo?: string
}

/** The advice for a wrong clock. */
export const setClock = 'timedatectl set-ntp true; timedatectl says when the clock is synchronized'
