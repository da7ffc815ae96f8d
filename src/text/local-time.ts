const utcTime = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g

const two = (value: number) => String(value).padStart(2, '0')

/** A moment in the time zone of this process, with its offset (RFC 3339): `2026-11-30 17:52:07 +08:00`. */
function localTime(at: Date): string {
  const offset = -at.getTimezoneOffset()
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-')
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  return `${day} ${time} ${zone}`
}

/** A text with its UTC times (ISO 8601) in the time zone of this process. */
export const withLocalTimes = (text: string): string =>
  text.replaceAll(utcTime, (time) => (Number.isNaN(Date.parse(time)) ? time : localTime(new Date(time))))
