import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { creditCodeCheck, organisationKind, parseCreditCode } from '../../../src/accounts/identifiers/gb32100.ts'
import { spoilt } from './hostile-texts.ts'

const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const body = fc.stringMatching(/^[1-9AY][1-9]\d{6}[0-9A-HJ-NP-RTUWXY]{9}$/)

describe('the unified social credit code of GB 32100', () => {
  it.each([
    ['914403001922038216', 'enterprise'],
    ['9144030071526726XG', 'enterprise'],
    ['91330100799655058B', 'enterprise'],
    ['12100000400000456B', 'public_institution'],
  ])('%s is valid', (uscc, kind) => {
    expect(creditCodeCheck(uscc.slice(0, 17))).toBe(uscc[17])
    expect(parseCreditCode(uscc)).toEqual({ ok: true, uscc, kind, checks: true })
  })

  it('has the check character of annex A, computed by the weights printed there', () => {
    const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    fc.assert(
      fc.property(body, (code) => {
        const sum = weights.reduce((total, weight, at) => total + weight * alphabet.indexOf(code.charAt(at)), 0)
        const check = 31 - (sum % 31)
        expect(creditCodeCheck(code)).toBe(alphabet[check === 31 ? 0 : check])
      }),
    )
  })

  it('finds each single wrong character', () => {
    fc.assert(
      fc.property(body, fc.nat(17), fc.constantFrom(...alphabet), (code, at, wrong) => {
        const uscc = code + creditCodeCheck(code)
        fc.pre(uscc[at] !== wrong)
        expect(parseCreditCode(uscc)).toMatchObject({ checks: true })
        expect(parseCreditCode(uscc.slice(0, at) + wrong + uscc.slice(at + 1))).not.toMatchObject({ checks: true })
      }),
      { numRuns: 1000 },
    )
  })

  it('is read as people write it', () => {
    for (const written of [
      '９１４４０３００１９２２０３８２１６',
      ' 91-440300-192203821-6 ',
      "'914403001922038216",
      '91 4403 0019 2203 8216',
    ]) {
      expect(parseCreditCode(written)).toMatchObject({ ok: true, uscc: '914403001922038216' })
    }
    expect(parseCreditCode('9144030071526726xg')).toMatchObject({ ok: true, uscc: '9144030071526726XG' })
  })

  it('reports the problem', () => {
    expect(parseCreditCode(' ')).toEqual({ ok: false, problem: 'uscc_required' })
    expect(parseCreditCode('91440300192203821')).toEqual({ ok: false, problem: 'uscc_malformed' })
    expect(parseCreditCode('9I4403001922038216')).toEqual({ ok: false, problem: 'uscc_malformed' })
    expect(parseCreditCode('914403001922038217')).toMatchObject({ ok: true, checks: false })
    expect(parseCreditCode('91440300192203821I')).toEqual({ ok: false, problem: 'uscc_malformed' })
  })

  // chinabugotech/hutool#4119 and #2020: codes that the authority of Xiamen gave out
  it.each(['91350203M0001QKT19', '91350203M0001FUE2P'])('%s has another check character, and is read', (uscc) => {
    expect(parseCreditCode(uscc)).toEqual({ ok: true, uscc, kind: 'enterprise', checks: false })
  })

  it('is not read from hostile texts', () => {
    for (const [what, text] of spoilt('914403001922038216')) expect(parseCreditCode(text).ok, what).toBe(false)
  })

  it.each([
    ['11', 'government_organ'],
    ['12', 'public_institution'],
    ['51', 'social_organisation'],
    ['52', 'social_organisation'],
    ['53', 'social_organisation'],
    ['91', 'enterprise'],
    ['92', 'individual_business'],
    ['93', 'cooperative'],
    ['A1', 'other'],
    ['Y1', 'other'],
  ])('with %s is a %s', (start, kind) => {
    expect(organisationKind(`${start}440300192203821`)).toBe(kind)
  })
})
