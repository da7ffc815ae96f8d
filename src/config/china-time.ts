import { chinaOffsetMs } from './time.ts'

/** China Standard Time, the only time zone of the province; it has no summer time. */
export const chinaTimeZone = 'Asia/Shanghai'

/** The day of a moment (ms since 1970 UTC) in China, as YYYY-MM-DD. */
export const dayOf = (at: number): string => new Date(at + chinaOffsetMs).toISOString().slice(0, 10)

/** The second of a moment (ms since 1970 UTC) in China, as YYYY-MM-DD hh:mm:ss. */
export const secondOf = (at: number): string =>
  new Date(at + chinaOffsetMs).toISOString().slice(0, 19).replace('T', ' ')

/** As `secondOf`, without the seconds. */
export const minuteOf = (at: number): string => secondOf(at).slice(0, 16)

/** The day that a person typed, as YYYY-MM-DD: 2026-12-1, 2026/12/1, 2026年12月1日, 20261201. Other texts are unchanged. */
export function readDay(text: string): string {
  const typed = text.normalize('NFKC').replaceAll(/\s/g, '')
  const parts = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(typed) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(typed)
  const [, year, month = '', day = ''] = parts ?? []
  return year === undefined ? text : [year, month.padStart(2, '0'), day.padStart(2, '0')].join('-')
}

/** The first moment (ms since 1970 UTC) of a day in China; NaN for a string that is not YYYY-MM-DD. */
export const startOfDay = (day: string): number =>
  /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00+08:00`) : Number.NaN
