import { hash } from 'node:crypto'
import { isValid } from '../../accounts/identifiers/gb11643.ts'
import { parseCreditCode } from '../../accounts/identifiers/gb32100.ts'
import { UnusableRegisterFile } from './register-file.ts'
import { visible } from '../../text/visible.ts'

/** What a spreadsheet does to a file: it keeps 15 digits of a number, and shows errors in place of texts. */
export interface Damage {
  see(line: number, cells: readonly string[]): void
  /** @throws UnusableRegisterFile */
  judge(): void
}

const rounded = /^\d{15}000$/
const whole = /^\d{18}$/
/** A passport may be 1E12345: without a fraction or a plus sign, it is no power of ten. */
const scientific = /^\d(?:[.,]\d+E\+?|E\+)\d+$/i
/** Numbers that a spreadsheet or a program wrote as amounts: 440,305,199,003,070,000 and 440305199003070000.0. */
const amount = /^\d{1,3}(?:[,\s]\d{3}){4,}(?:\.0*)?$|^\d{15,18}\.0*$/
const errors = /^#(?:[A-Z_]+[!?]|N\/A|DIV\/0!|GETTING_DATA|#{2,})$/
/** By chance one number in 1000 ends in three zeros; of rounded ones all do, and one in eleven of them passes its check. */
const mostly = 0.5

const advice = 'Excel keeps 15 digits of a number. Export the file anew, with the columns of numbers as text'

function checks(number: string): boolean {
  const code = parseCreditCode(number)
  return code.ok && code.checks
}

/** Looks for damage by Excel over all rows. @param numbers positions of the columns with numbers */
export function createDamage(numbers: readonly number[], roundNumbers: boolean): Damage {
  let all = 0
  let zeros = 0
  let broken = 0
  let first = 0
  let example = ''
  let severalNumbers = false
  return {
    see(line, cells) {
      if (cells.some((cell) => errors.test(cell))) {
        throw new UnusableRegisterFile(`has an error of Excel in place of a value (line ${line}): export it anew`)
      }
      for (const number of numbers.map((at) => (cells[at] ?? '').normalize('NFKC'))) {
        if (scientific.test(number) || amount.test(number)) {
          throw new UnusableRegisterFile(
            `has numbers that Excel changed${scientific.test(number) ? `, such as ${visible(number).slice(0, 12)}` : ''} ` +
              `(line ${line}). ${advice}`,
          )
        }
        if (whole.test(number)) all += 1
        if (!rounded.test(number)) continue
        zeros += 1
        first ||= line
        example ||= number
        if (number !== example) severalNumbers = true
        if (!isValid(number) && !checks(number)) broken += 1
      }
    },
    judge() {
      if (roundNumbers || zeros === 0) return
      const all000 = all === 1 || (severalNumbers && zeros / all > mostly)
      if (broken === 0 && !all000) return
      throw new UnusableRegisterFile(
        `has ${zeros} of ${all} numbers that end in 000, as Excel rounds them (first in line ${first}). ${advice}. ` +
          'If the numbers are right, give --round-numbers',
      )
    },
  }
}

/** Whether a name has signs in place of lost characters: an old code page has `?`, and U+FFFD in GBK reads 锟斤拷. */
export const hasLost = (text: string): boolean => /\?\?|锟斤拷|\p{Script=Han}\?/u.test(text)

/** Finds keys that several rows have. Memory holds eight bytes for each row, and the rows that may be equal. */
export interface Repeats {
  see(key: string): void
  /** Whether a key may have been seen more than once; true for some other keys too. Undefined where no key repeats. */
  maybe(): ((key: string) => boolean) | undefined
}

const bytesOfSum = 6
const sumOf = (key: string) => hash('sha256', key, 'buffer').readUIntBE(0, bytesOfSum)

export function createRepeats(): Repeats {
  let sums = new Float64Array(1024)
  let length = 0
  return {
    see(key) {
      if (length === sums.length) {
        const longer = new Float64Array(length * 2)
        longer.set(sums)
        sums = longer
      }
      sums[length] = sumOf(key)
      length += 1
    },
    maybe() {
      const sorted = sums.subarray(0, length).sort()
      const twice = new Set(sorted.filter((sum, at) => sum === sorted[at + 1]))
      sums = new Float64Array(0)
      return twice.size > 0 ? (key) => twice.has(sumOf(key)) : undefined
    },
  }
}
