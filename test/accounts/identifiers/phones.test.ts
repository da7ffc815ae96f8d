import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePhone } from '../../../src/accounts/identifiers/phones.ts'
import { fullWidth, millisecondsOf, spoilt, withMarks } from './hostile-texts.ts'

describe('phones', () => {
  it.each([
    ['13800138000', '+8613800138000'],
    ["'13800138000", '+8613800138000'],
    ['’+86 138 0013 8000', '+8613800138000'],
    ['+8613800138000', '+8613800138000'],
    ['8613800138000', '+8613800138000'],
    ['008613800138000', '+8613800138000'],
    ['(+86) 138-0013-8000', '+8613800138000'],
    [fullWidth('＋86 138 0013 8000'), '+8613800138000'],
    ['138.0013.8000', '+8613800138000'],
    ['138\u22120013\u22128000', '+8613800138000'],
    ['138\u20150013\u25008000', '+8613800138000'],
    ['013800138000', '+8613800138000'],
    ['+86 (0) 138 0013 8000', '+8613800138000'],
    ['（86）13800138000', '+8613800138000'],
    ['19912345678', '+8619912345678'],
    ['+852 9123 4567', '+85291234567'],
    ['0085291234567', '+85291234567'],
    ['+853 6612 3456', '+85366123456'],
    ['+886 912 345 678', '+886912345678'],
    ['+886 0912 345 678', '+886912345678'],
    ['+44 7400 123456', '+447400123456'],
    ['0014155552671', '+14155552671'],
    ['+65 8123 4567', '+6581234567'],
    ['+81 90 1234 5678', '+819012345678'],
  ])('%j is %s', (typed, phone) => expect(parsePhone(typed)).toEqual({ ok: true, phone }))

  it.each([
    '12800138000',
    '1380013800',
    '138001380000',
    '23800138000',
    '91234567',
    '+85291234',
    '+8529123456789',
    '+85312345678',
    '+886123456789',
    '24155552671',
    '+0447400123456',
    '+1234567',
    '+1234567890123456',
    '+86',
    '++8613800138000',
    '+8686138001380',
    '861380013800',
    '1380013800a',
    '+86 075512345678',
  ])('%j is no phone', (typed) => expect(parsePhone(typed)).toEqual({ ok: false, problem: 'phone_malformed' }))

  it.each(withMarks('13800138000'))('with %s it is read', (_why, text) => {
    expect(parsePhone(text)).toEqual({ ok: true, phone: '+8613800138000' })
  })

  it.each(spoilt('13800138000'))('with %s it is refused quickly', (_why, text) => {
    expect(millisecondsOf(() => parsePhone(text))).toBeLessThan(50)
    expect(parsePhone(text).ok).toBe(false)
  })

  it('each mobile number of the mainland is read, and its result is read as itself', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^1[3-9]\d{9}$/),
        fc.constantFrom('', '+86', '86', '0086', '+86 '),
        (number, prefix) => {
          expect(parsePhone(prefix + number)).toEqual({ ok: true, phone: `+86${number}` })
          expect(parsePhone(`+86${number}`)).toEqual({ ok: true, phone: `+86${number}` })
        },
      ),
    )
  })
})
