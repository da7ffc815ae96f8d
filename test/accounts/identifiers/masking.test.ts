import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskDocumentNumber, maskName, maskPhone } from '../../../src/accounts/identifiers/masking.ts'

describe('masked data', () => {
  it.each([
    ['张三', '张*'],
    ['欧阳娜娜', '欧***'],
    ['𠮷田', '𠮷*'],
    ['李', '*'],
    ['阿卜杜拉·买买提', '阿***·***'],
    ['Maria Chen', 'M**** C***'],
    ["O'Brien", "O'B****"],
    ['Zoe\u0301', 'Z***'],
  ])('%s is shown as %s', (name, shown) => expect(maskName(name)).toBe(shown))

  it.each([
    ['11010519491231002X', '1****************X'],
    ['12345678', '1******8'],
    ['12', '**'],
    ['', ''],
  ])('the document %s is shown as %s', (number, shown) => expect(maskDocumentNumber(number)).toBe(shown))

  it.each([
    ['+8613800138000', '138****8000'],
    ['+85291234567', '+852 *****567'],
    ['+886912345678', '+886 ******678'],
    ['13800138000', '***********'],
    ['', ''],
  ])('the phone %s is shown as %s', (phone, shown) => expect(maskPhone(phone)).toBe(shown))

  it('never show two neighbouring letters of a word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const shown = maskName(name)
        const pairs = /\p{L}\p{L}/u
        expect(pairs.test(shown)).toBe(false)
      }),
    )
  })
})
