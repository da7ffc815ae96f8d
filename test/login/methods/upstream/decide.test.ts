import { describe, expect, it } from 'vitest'
import { decide, type LinkFacts } from '../../../../src/login/methods/upstream/decide.ts'

/** Every value of every fact. */
const values: { [Fact in keyof LinkFacts]: readonly LinkFacts[Fact][] } = {
  link: ['none', 'right', 'other-document'],
  linking: ['ask', 'number'],
  authoritative: [false, true],
  level: [2, 3, 4],
  matched: [false, true],
  holders: [0, 1, 2],
  holderFits: [false, true],
}

const all = Object.entries(values).reduce<Record<string, unknown>[]>(
  (some, [fact, possible]) => some.flatMap((one) => possible.map((value) => ({ ...one, [fact]: value }))),
  [{}],
) as unknown as LinkFacts[]

const case3: LinkFacts = {
  link: 'none',
  linking: 'number',
  authoritative: true,
  level: 3,
  matched: true,
  holders: 1,
  holderFits: true,
}

describe('the only linking rules', () => {
  it('are decided over all facts: a link signs in or is refused, with any other facts', () => {
    expect(all.length).toBe(432)
    const known = all.filter(({ link }) => link !== 'none')
    for (const facts of known) expect(decide(facts)).toBe(facts.link === 'right' ? 'sign-in' : 'refuse')
  })

  it('link by number in case 3 alone, at the levels 3 and 4', () => {
    const linked = all.filter((facts) => decide(facts) === 'link')
    expect(linked).toEqual([case3, { ...case3, level: 4 }])
  })

  it('ask in all other cases of an unknown account', () => {
    const asked = all.filter((facts) => decide(facts) === 'ask')
    expect(asked.length).toBe(432 / 3 - 2)
    expect(asked.every(({ link }) => link === 'none')).toBe(true)
  })

  it.each(
    Object.entries(values).flatMap(([fact, possible]) =>
      possible
        .filter((value) => value !== case3[fact as keyof LinkFacts] && !(fact === 'level' && value === 4))
        .map((value) => [fact, value] as const),
    ),
  )('do not link by number with %s: %s', (fact, value) => {
    expect(decide({ ...case3, [fact]: value })).not.toBe('link')
  })
})
