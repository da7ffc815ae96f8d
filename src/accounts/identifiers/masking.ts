const stars = (length: number) => '*'.repeat(Math.max(0, length))

/**
 * Masks a name as Chinese counters do: a Han name shows its first character (张*, 欧***), other names the first letter of
 * each word (M**** C***).
 */
export function maskName(name: string): string {
  const characters = Array.from(name)
  if (/^\p{Script=Han}/u.test(name)) {
    if (characters.length === 1) return '*'
    return characters.map((one, index) => (index === 0 || one === '·' ? one : '*')).join('')
  }
  return name.replaceAll(/(\p{L})([\p{L}\p{M}]*)/gu, (_word, first: string, rest: string) => {
    return first + stars(Array.from(rest).length)
  })
}

/**
 * Masks a document number: first and last character (4****************X). The strictest of the usual forms: it hides region,
 * date of birth and serial number.
 */
export function maskDocumentNumber(number: string): string {
  if (number.length < 3) return stars(number.length)
  return number.charAt(0) + stars(number.length - 2) + number.charAt(number.length - 1)
}

/**
 * Masks a phone in E.164. Mainland: the first three and last four digits (138****8000). Elsewhere: the country code and the
 * last three (+852 *****567). Other texts are hidden completely.
 */
export function maskPhone(phone: string): string {
  const [, code = '', number = ''] = /^\+(86|852|853|886)(\d{8,11})$/.exec(phone) ?? []
  if (code === '86') return number.slice(0, 3) + stars(number.length - 7) + number.slice(-4)
  return code ? `+${code} ${stars(number.length - 3)}${number.slice(-3)}` : stars(phone.length)
}
