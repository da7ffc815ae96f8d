import fc from 'fast-check'
import { expect, it } from 'vitest'
import { step, World } from './world.ts'

it('10,000 stories of a company: no token for a matter that is not granted at that moment', () => {
  const total = { tokens: 0, refreshed: 0, accepted: 0, cascades: 0 }
  fc.assert(
    fc.property(fc.array(step, { minLength: 8, maxLength: 60, size: 'max' }), (steps) => {
      const world = new World()
      for (const one of steps) {
        world.run(one)
        world.check()
      }
      for (const effect of Object.keys(total) as (keyof typeof total)[]) total[effect] += world.effects[effect]
    }),
    { numRuns: 10_000 },
  )
  // stories without changes would prove nothing
  expect(total.accepted).toBeGreaterThan(10_000)
  expect(total.cascades).toBeGreaterThan(40)
  expect(total.refreshed).toBeGreaterThan(50_000)
})
