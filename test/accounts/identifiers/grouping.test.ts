import { describe, expect, it } from 'vitest'
import { groupDocument, groupPhone } from '../../../src/accounts/identifiers/grouping.ts'

describe('numbers in groups', () => {
  it.each([
    ['+8613800000001', '+86 138 0000 0001'],
    ['+85261234567', '+852 6123 4567'],
    ['+85361234567', '+853 6123 4567'],
    ['+886912345678', '+886 912 345 678'],
    ['+447700900123', '+447700900123'],
    ['', ''],
  ])('the phone %s is %s', (phone, shown) => expect(groupPhone(phone)).toBe(shown))

  it.each([
    ['440300199001011234', '440300 19900101 1234'],
    ['44030019900101123X', '440300 19900101 123X'],
    ['E12345678', 'E123 4567 8'],
    ['H1234567890', 'H123 4567 890'],
    ['AB1234', 'AB1234'],
    ['', ''],
  ])('the document %s is %s', (number, shown) => expect(groupDocument(number)).toBe(shown))

  it('lose no character', () => {
    for (const text of ['440300199001011234', 'C1234567(8)', '810000199408230021'])
      expect(groupDocument(text).replaceAll(' ', '')).toBe(text)
  })
})
