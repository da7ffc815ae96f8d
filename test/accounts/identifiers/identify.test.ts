import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { documentTypes, parseDocument } from '../../../src/accounts/identifiers/documents.ts'
import { checkCharacter } from '../../../src/accounts/identifiers/gb11643.ts'
import { readIdentifier } from '../../../src/accounts/identifiers/identify.ts'
import { parsePhone } from '../../../src/accounts/identifiers/phones.ts'
import { parseUsername } from '../../../src/accounts/identifiers/usernames.ts'
import { fullWidth, millisecondsOf } from './hostile-texts.ts'

const read = (text: string) => readIdentifier(text).map(({ kind, value }) => `${kind} ${value}`)

describe('a text in the sign-in field', () => {
  it.each([
    ['13800138000', ['phone +8613800138000']],
    [' +86 138 0013 8000 ', ['phone +8613800138000']],
    ['ZhangSan', ['username zhangsan']],
    ['citizen001', ['username citizen001', 'document CITIZEN001']],
    ['11010519491231002x', ['document 11010519491231002X']],
    [fullWidth('11010519491231002X'), ['document 11010519491231002X']],
    ['h12345678', ['document H12345678']],
    ['H1234567801', ['document H12345678', 'document H1234567801']],
    ['12345678', ['document 12345678']],
    ['1234567801', ['document 12345678', 'document 1234567801']],
    ['E12345678', ['document E12345678']],
    ['110105194912310021', []],
    ['', []],
    ['   ', []],
    ['张三', []],
    ['zhаngsan', []],
    ['zhangsan\0', []],
    ["' or 1=1 --", []],
  ])('%j is read as %j', (text, readings) => expect(read(text)).toEqual(readings))

  it('is not read above 64 characters', () => {
    expect(read(`${' '.repeat(56)}zhangsan`)).toEqual(['username zhangsan'])
    expect(read(`${' '.repeat(57)}zhangsan`)).toEqual([])
    expect(millisecondsOf(() => readIdentifier('1'.repeat(10_000_000)))).toBeLessThan(50)
  })

  it('finds each account by the identifiers of its opening', () => {
    const today = new Date('2026-11-23')
    const resident = fc.stringMatching(/^44030519[5-9][1-9]0[1-9]1\d\d{3}$/).map((body) => body + checkCharacter(body))
    const number = fc.oneof(resident, fc.stringMatching(/^[HMEhme]\d{8}(\d\d)?$/), fc.stringMatching(/^\d{8,10}$/))
    fc.assert(
      fc.property(fc.constantFrom(...documentTypes), number, (type, typed) => {
        const parsed = parseDocument({ type, number: typed, today })
        // a passport with the number of a phone is found by no text
        const isPhone = type === 'passport' && parsePhone(typed).ok
        if (parsed.ok && !isPhone) expect(read(typed)).toContain(`document ${parsed.document.number}`)
      }),
      { numRuns: 1000 },
    )
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[a-z\d._-]{1,40}$/), (any, word) => {
        for (const text of [any, word]) {
          const [phone, username] = [parsePhone(text), parseUsername(text)]
          if (phone.ok) expect(read(text)).toContain(`phone ${phone.phone}`)
          if (username.ok) expect(read(text)).toContain(`username ${username.username}`)
        }
      }),
    )
  })
})
