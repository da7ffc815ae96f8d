import { checkCharacter } from '../../../src/accounts/identifiers/gb11643.ts'

/** The number of the nth made-up person of an import. */
export function numberOf(index: number): string {
  const day = 1 + (Math.floor(index / 1000) % 28)
  const year = 1950 + (Math.floor(index / 28_000) % 50)
  const body = `440600${year}${String(1 + (Math.floor(index / 1_400_000) % 12)).padStart(2, '0')}${String(day).padStart(2, '0')}${String(index % 1000).padStart(3, '0')}`
  return body + checkCharacter(body)
}

const surnames = [...'陈李黄张梁林吴刘罗周何叶谢郑杨蔡曾']
const given = [...'文华明芳丽强伟敏静国']

export const nameOf = (index: number) =>
  `${surnames[index % surnames.length]}${given[index % 10]}${given[Math.floor(index / 10) % 10]}`

/** The row of the nth made-up person: proven, with a phone and username of their own. */
export const rowOf = (index: number, changed: Record<string, unknown> = {}) => ({
  sub: `fs-${index}`,
  document: { type: 'resident_id', number: numberOf(index) },
  name: nameOf(index),
  phone: `1${3_000_000_000 + index}`,
  username: `foshan-${index}`,
  level: 3,
  createdAt: '2015-03-01T08:00:00+08:00',
  ...changed,
})

export const linesOf = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
