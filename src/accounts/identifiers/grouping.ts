/** A phone in E.164 as people read it: +86 138 0000 0001, +852 6123 4567; other numbers unchanged. */
export function groupPhone(phone: string): string {
  const [, code = '', number = ''] = /^\+(86|852|853|886)(\d+)$/.exec(phone) ?? []
  if (code === '') return phone
  const [first, rest] = code === '86' || code === '886' ? [3, number.slice(3)] : [4, number.slice(4)]
  const groups = code === '886' ? rest.match(/.{1,3}/g) : rest.match(/.{1,4}/g)
  return [`+${code}`, number.slice(0, first), ...(groups ?? [])].join(' ')
}

/** A document number in the groups that people compare: region, date of birth and the rest of a resident ID (GB 11643), else fours. */
export function groupDocument(number: string): string {
  const [, region, born, rest] = /^(\d{6})(\d{8})(\d{3}[\dX])$/.exec(number) ?? []
  if (region !== undefined) return [region, born, rest].join(' ')
  return number.length > 6 ? (number.match(/.{1,4}/gu) ?? []).join(' ') : number
}
