import { describe, expect, it } from 'vitest'
import { acrOf, acrValues, levelAsked, levelOf, levelReached } from '../../src/assurance/levels.ts'

describe('levels of assurance', () => {
  it('are published lowest first and read back', () => {
    expect(acrValues).toEqual(['urn:yideng:loa:2', 'urn:yideng:loa:3', 'urn:yideng:loa:4'])
    expect(acrValues.map(levelOf)).toEqual([2, 3, 4])
    expect(acrOf(3)).toBe('urn:yideng:loa:3')
    expect(levelOf('urn:other')).toBeUndefined()
    expect(levelOf(undefined)).toBeUndefined()
  })

  it.each([
    [2, ['pwd'], 2],
    [2, ['face'], 2],
    [3, ['pwd'], 3],
    [3, ['pwd', 'face'], 4],
  ])('identity level %i with %j reaches %i', (identityLevel, amr, level) => {
    expect(levelReached({ identityLevel, amr, held: false })).toBe(level)
  })

  it.each([
    [2, 4, 2],
    [3, 2, 2],
    [3, 3, 3],
    [3, 4, 4],
  ] as const)(
    'identity level %i, vouched for by a session of level %i, reaches %i',
    (identityLevel, vouched, level) => {
      expect(levelReached({ identityLevel, amr: ['qr'], vouched, held: false })).toBe(level)
    },
  )

  it.each([
    [2, [], 2],
    [3, [], 3],
    [2, ['urn:yideng:loa:3'], 3],
    [3, ['urn:yideng:loa:2'], 3],
    [2, ['urn:yideng:loa:4', 'urn:yideng:loa:3'], 3],
    [2, ['urn:other', 'urn:yideng:loa:4'], 4],
    [2, ['urn:other'], 2],
  ] as const)('a portal of level %i that asks %j needs %i', (minLevel, asked, level) => {
    expect(levelAsked({ minLevel, acrValues: asked })).toBe(level)
  })
})
