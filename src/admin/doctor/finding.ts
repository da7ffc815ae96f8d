/** What one look of the doctor found. */
export interface Finding {
  state: 'ok' | 'warn' | 'fail'
  what: string
  finding: string
  todo?: string
}
