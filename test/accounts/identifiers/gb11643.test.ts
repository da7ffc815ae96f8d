import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkCharacter, isValid } from '../../../src/accounts/identifiers/gb11643.ts'

const body = fc.stringMatching(/^\d{17}$/)

describe('the check character of GB 11643', () => {
  it('matches the examples in the standard (annex A)', () => {
    expect(checkCharacter('11010519491231002')).toBe('X')
    expect(checkCharacter('44052418800101001')).toBe('4')
  })

  it('matches ISO 7064 MOD 11-2 computed by weights', () => {
    fc.assert(
      fc.property(body, (digits) => {
        const weighted = Array.from(digits).reduce((sum, digit, index) => sum + Number(digit) * 2 ** (17 - index), 0)
        const character = checkCharacter(digits)
        expect((weighted + (character === 'X' ? 10 : Number(character))) % 11).toBe(1)
      }),
    )
  })

  it('finds each single wrong character', () => {
    fc.assert(
      fc.property(body, fc.nat(17), fc.constantFrom(...'0123456789X'), (digits, at, wrong) => {
        const number = digits + checkCharacter(digits)
        fc.pre(number[at] !== wrong)
        expect(isValid(number)).toBe(true)
        expect(isValid(number.slice(0, at) + wrong + number.slice(at + 1))).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  it('finds each exchange of two neighbours', () => {
    fc.assert(
      fc.property(body, fc.nat(16), (digits, at) => {
        const number = digits + checkCharacter(digits)
        fc.pre(number[at] !== number[at + 1])
        const swapped = `${number.slice(0, at)}${number[at + 1]}${number[at]}${number.slice(at + 2)}`
        expect(isValid(swapped)).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    '',
    '1',
    '11010519491231002',
    '11010519491231002x',
    '11010519491231002X\n',
    ' 11010519491231002X',
    '１1010519491231002X',
  ])('is not valid in %j', (text) => expect(isValid(text)).toBe(false))

  it('is computed for 17 digits only', () => {
    expect(() => checkCharacter('1101051949123100')).toThrow(RangeError)
    expect(() => checkCharacter('1101051949123100a')).toThrow(RangeError)
  })
})
