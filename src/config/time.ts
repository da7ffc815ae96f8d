export const minuteMs = 60_000
export const hourMs = 3_600_000
export const daySeconds = 86_400
export const dayMs = 86_400_000
/** China Standard Time, UTC+8 without daylight saving time. */
export const chinaOffsetMs = 8 * hourMs
