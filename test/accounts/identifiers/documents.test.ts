import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allDocumentTypes,
  documentTypes,
  parseDocument,
  readDocumentNumbers,
} from '../../../src/accounts/identifiers/documents.ts'
import { checkCharacter } from '../../../src/accounts/identifiers/gb11643.ts'
import { fullWidth, millisecondsOf, spoilt, withMarks } from './hostile-texts.ts'

const today = new Date('2026-11-23T04:00:00Z')
const parse = (type: string, number: string, on = today) => parseDocument({ type, number, today: on })
const problem = (type: string, number: string, on = today) => {
  const parsed = parse(type, number, on)
  return parsed.ok ? undefined : parsed.problem
}
const numbered = (body: string) => body + checkCharacter(body)

describe('identity documents', () => {
  it('are the known kinds, the resident identity card first', () => {
    expect(documentTypes).toEqual([
      'resident_id',
      'hk_macao_permit',
      'taiwan_permit',
      'hmt_residence_permit',
      'foreign_permanent_residence',
      'passport',
    ])
    expect(allDocumentTypes.filter((type) => !documentTypes.includes(type))).toEqual(['network_id'])
  })

  it('a pseudonym stays as it came, for case matters, and is nothing that people sign in with', () => {
    const number = 'a7Kd93QmZr5Tb2Xc8LwE'
    expect(parse('network_id', ` ${number} `)).toEqual({ ok: true, document: { type: 'network_id', number } })
    expect(problem('network_id', 'short')).toBe('document_number_malformed')
    expect(readDocumentNumbers(`${number}${number}`)).toEqual([])
  })

  it.each([
    ['resident_id', '11010519491231002X', { birthDate: '1949-12-31', gender: 'female' }],
    ['resident_id', '440524188001010014', { birthDate: '1880-01-01', gender: 'male' }],
    ['resident_id', numbered('44030519900307003'), { birthDate: '1990-03-07', gender: 'male' }],
    ['hmt_residence_permit', numbered('81000019900307003'), { birthDate: '1990-03-07', gender: 'male' }],
    ['hmt_residence_permit', numbered('82000019900307004'), { birthDate: '1990-03-07', gender: 'female' }],
    ['hmt_residence_permit', numbered('83000019900307004'), { birthDate: '1990-03-07', gender: 'female' }],
    ['foreign_permanent_residence', '911124198108030024', { birthDate: '1981-08-03' }],
    ['foreign_permanent_residence', 'USA310081080301', {}],
    ['hk_macao_permit', 'H12345678', {}],
    ['hk_macao_permit', 'M12345678', {}],
    ['hk_macao_permit', 'HA1234567', {}],
    ['hk_macao_permit', 'MA1234567', {}],
    ['taiwan_permit', '12345678', {}],
    ['passport', 'E12345678', {}],
    ['passport', 'EA1234567', {}],
    ['passport', 'C01X00T47', {}],
  ])('%s %s gives the data of its number', (type, number, expected) => {
    expect(parse(type, number)).toEqual({ ok: true, document: { type, number, ...expected } })
  })

  it.each([
    ['resident_id', ' 110105 19491231-002x ', '11010519491231002X'],
    ['resident_id', fullWidth('11010519491231002x'), '11010519491231002X'],
    ['resident_id', '110105\u00a019491231\u2011002X', '11010519491231002X'],
    // one written character for the X of GB 11643
    ...['×', 'х', 'Х', 'χ', 'Χ', '✕', '✖\ufe0e', '⨯', '╳', 'ｘ', 'Ｘ', '\u2179', '𝐗', ' ×', '-×\u3000'].map(
      (sign): [string, string, string] => ['resident_id', `11010519491231002${sign}`, '11010519491231002X'],
    ),
    ['resident_id', '１１０１０５１９４９１２３１００２×', '11010519491231002X'],
    // a spreadsheet marks text so
    ...["'", '’', '‘', '＇', " '", "\ufeff'"].map((mark): [string, string, string] => [
      'resident_id',
      `${mark}110105 19491231 002×`,
      '11010519491231002X',
    ]),
    ['taiwan_permit', "'12345678", '12345678'],
    ['hk_macao_permit', 'h1234567801', 'H12345678'],
    ['hk_macao_permit', 'H12345678（01）', 'H12345678'],
    ['hk_macao_permit', 'h 1234 5678 (02)', 'H12345678'],
    ['hk_macao_permit', 'ha1234567', 'HA1234567'],
    ['hk_macao_permit', ' HA 123 4567 ', 'HA1234567'],
    ['hk_macao_permit', fullWidth('ma-1234567'), 'MA1234567'],
    ['hk_macao_permit', '\u00a0HA\u2009123\u202f4567\u3000', 'HA1234567'],
    ['resident_id', '110105\u221219491231\u2013002X', '11010519491231002X'],
    ['resident_id', '110105\u201519491231\u2500002X', '11010519491231002X'],
    ['resident_id', '11010519491231002\u2169', '11010519491231002X'],
    ['taiwan_permit', '12345678(01)', '12345678'],
    ['taiwan_permit', fullWidth('12345678'), '12345678'],
    ['foreign_permanent_residence', 'usa 310081080301', 'USA310081080301'],
    ['taiwan_permit', '1234567801', '12345678'],
    ['passport', 'e 1234 5678', 'E12345678'],
  ])('%s typed as %j is %s', (type, typed, number) => {
    expect(parse(type, typed)).toMatchObject({ ok: true, document: { number } })
  })

  it.each([
    ['nonsense', '1', 'document_type_unknown'],
    ['constructor', '1', 'document_type_unknown'],
    ['', '1', 'document_type_unknown'],
    ['resident_id', '', 'document_number_required'],
    ['resident_id', ' - \u3000', 'document_number_required'],
    ['resident_id', '110105491231002', 'document_number_malformed'],
    ['resident_id', 'X1010519491231002', 'document_number_malformed'],
    ['resident_id', '110105194912310021', 'document_number_check_digit'],
    ['resident_id', numbered('81000019900307003'), 'document_number_malformed'],
    ['resident_id', numbered('82000019900307003'), 'document_number_malformed'],
    ['resident_id', numbered('83000019900307003'), 'document_number_malformed'],
    ['resident_id', '911124198108030024', 'document_number_malformed'],
    ['resident_id', numbered('19030519900307003'), 'document_number_malformed'],
    ['resident_id', numbered('00030519900307003'), 'document_number_malformed'],
    ['hmt_residence_permit', numbered('44030519900307003'), 'document_number_malformed'],
    ['hmt_residence_permit', numbered('81000119900307003'), 'document_number_malformed'],
    ['hmt_residence_permit', '810000199003070032', 'document_number_check_digit'],
    ['foreign_permanent_residence', '911124198108030025', 'document_number_check_digit'],
    ['foreign_permanent_residence', numbered('91112419810230002'), 'document_number_birth_date'],
    ['foreign_permanent_residence', 'US3100810803011', 'document_number_malformed'],
    ['hk_macao_permit', 'A12345678', 'document_number_malformed'],
    ['hk_macao_permit', 'HA123456', 'document_number_malformed'],
    ['hk_macao_permit', 'HA12345678', 'document_number_malformed'],
    ['hk_macao_permit', 'HB1234567', 'document_number_malformed'],
    ['hk_macao_permit', 'HA1234567(1)', 'document_number_malformed'],
    ['taiwan_permit', '0123456701(B)', 'document_number_malformed'],
    ['passport', 'A123456(7)', 'document_number_malformed'],
    ['resident_id', '身份证11010519491231002X', 'document_number_malformed'],
    ['hk_macao_permit', 'TA1234567', 'document_number_malformed'],
    ['hk_macao_permit', 'H1234567', 'document_number_malformed'],
    ['hk_macao_permit', 'H123456789', 'document_number_malformed'],
    ['taiwan_permit', '123456789', 'document_number_malformed'],
    ['passport', 'E123', 'document_number_malformed'],
    ['passport', 'ZHANGSAN', 'document_number_malformed'],
    ['passport', 'A1'.repeat(9), 'document_number_malformed'],
  ])('%s %j is refused: %s', (type, number, expected) => expect(problem(type, number)).toBe(expected))

  it.each([
    ['19910229', false],
    ['19920229', true],
    ['19000229', false],
    ['20000229', true],
    ['19901301', false],
    ['19900431', false],
    ['19900400', false],
    ['00000101', false],
    ['20261123', true],
    ['20261124', false],
    ['18761123', true],
    ['18761122', false],
  ])('the date of birth %s is accepted in a number: %s', (date, good) => {
    expect(problem('resident_id', numbered(`440305${date}003`))).toBe(good ? undefined : 'document_number_birth_date')
  })

  it('a birth of today in China is accepted while it is yesterday in UTC', () => {
    const evening = new Date('2026-11-23T16:00:00Z')
    const number = numbered('44030520261124003')
    expect(problem('resident_id', number, evening)).toBeUndefined()
    expect(problem('resident_id', number, new Date(evening.getTime() - 1))).toBe('document_number_birth_date')
  })

  it.each(documentTypes)('%s is not read from hostile texts, and quickly', (type) => {
    const good =
      { resident_id: '11010519491231002X', foreign_permanent_residence: '911124198108030024' }[type] ?? 'H12345678'
    for (const [why, text] of [...spoilt(good), ['a Cyrillic look-alike', `\u0425${good.slice(1)}`] as const]) {
      expect(
        millisecondsOf(() => parse(type, text)),
        why,
      ).toBeLessThan(50)
      expect(parse(type, text).ok, why).toBe(false)
    }
  })

  it.each(['', '1', '7', '0'])('a cross is X and no other check character: %j', (digit) => {
    expect(problem('resident_id', `${numbered('44030519900307003').slice(0, -1)}${digit}×`)).toBeDefined()
    expect(problem('passport', `E1234567${digit}×`)).toBe('document_number_malformed')
    expect(problem('hk_macao_permit', `×${digit}1234567`)).toBe('document_number_malformed')
  })

  it.each(withMarks('11010519491231002X'))('with %s a number is read', (_why, text) => {
    expect(parse('resident_id', text)).toMatchObject({ ok: true, document: { number: '11010519491231002X' } })
  })

  it('letters that become ASCII only by a change of case are refused', () => {
    expect(problem('passport', '\u0131234567')).toBe('document_number_malformed')
    expect(problem('passport', '\u00df234567')).toBe('document_number_malformed')
  })

  it('a normalised number is read as itself', () => {
    fc.assert(
      fc.property(fc.constantFrom(...documentTypes), fc.stringMatching(/^[HMEag 0-9x-]{1,20}$/), (type, text) => {
        const once = parse(type, text)
        if (once.ok) expect(parse(type, once.document.number)).toEqual(once)
      }),
      { numRuns: 2000 },
    )
  })
})
