import { expect, it } from 'vitest'
import { whenIdle } from '../../src/storage/when-idle.ts'

const ran = (mostMs: number) => {
  const began = performance.now()
  return new Promise<number>((resolve) => whenIdle(mostMs, () => resolve(performance.now() - began)))
}

it('hardly waits without other work', async () => {
  expect(await ran(10_000)).toBeLessThan(1000)
})

it('waits for other work, but not without limit', async () => {
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
