import { expect, it } from 'vitest'
import { whenQuiet } from '../../src/storage/gather.ts'

const ran = (mostMs: number) => {
  const began = performance.now()
  return new Promise<number>((resolve) => whenQuiet(mostMs, () => resolve(performance.now() - began)))
}

it('hardly waits when nothing else happens', async () => {
  expect(await ran(10_000)).toBeLessThan(1000)
})

it('waits for what else there is to do, but not for ever', async () => {
  let busy = true
  const work = () => {
    const end = performance.now() + 1
    while (performance.now() < end);
    if (busy) setImmediate(work)
  }
  work()
  const waited = await ran(50)
  busy = false
  expect(waited).toBeGreaterThanOrEqual(49)
})
