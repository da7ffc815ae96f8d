import { chinaOffsetMs } from './time.ts'

/** China Standard Time, the only time zone of the province; it has no summer time. */
export const chinaTimeZone = 'Asia/Shanghai'

/** The day of a moment (ms since 1970 UTC) in China, as YYYY-MM-DD. */
export const dayOf = (at: number): string => new Date(at + chinaOffsetMs).toISOString().slice(0, 10)

/** The minute of a moment (ms since 1970 UTC) in China, as YYYY-MM-DD hh:mm. */
export const minuteOf = (at: number): string =>
  new Date(at + chinaOffsetMs).toISOString().slice(0, 16).replace('T', ' ')

/** The first moment (ms since 1970 UTC) of a day in China; NaN for a string that is not YYYY-MM-DD. */
export const startOfDay = (day: string): number =>
  /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00+08:00`) : Number.NaN
