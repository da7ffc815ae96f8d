/** What one look of the doctor found. */
export interface Finding {
  state: 'ok' | 'warn' | 'fail'
  what: string
  finding: string
  todo?: string
}

/** The mend of every wrong clock. */
export const setClock = 'timedatectl set-ntp true; timedatectl says when the clock is synchronized'
