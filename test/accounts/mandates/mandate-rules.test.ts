import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inLongRun } from '../../setup/long-run.ts'
import { step, World } from './world.ts'

const stories = inLongRun(2000, 10_000)

it('thousands of stories of a company: no token for a matter that is not granted at that moment', () => {
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
    { numRuns: stories },
  )
  // stories without changes would prove nothing
  expect(total.accepted).toBeGreaterThan(stories)
  expect(total.cascades).toBeGreaterThan(stories / 1000)
  expect(total.refreshed).toBeGreaterThan(stories * 5)
})
