/** The calendar month in UTC, such as `2026-11`, of a time in milliseconds since 1970 UTC. */
export const monthOf = (at: number) => new Date(at).toISOString().slice(0, 7)

/** The first moment of a month in milliseconds since 1970 UTC. */
export const beginOf = (month: string) => Date.parse(`${month}-01T00:00:00Z`)

export function monthAfter(month: string, months = 1): string {
  const begin = new Date(beginOf(month))
  return monthOf(begin.setUTCMonth(begin.getUTCMonth() + months))
}
