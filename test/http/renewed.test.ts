import type { Context } from 'koa'
import { expect, it } from 'vitest'
import { renewed } from '../../src/http/app.ts'

it('checks the store once for simultaneous requests, and again for later ones', async () => {
  let looks = 0
  const middleware = renewed({ renew: () => (looks += 1) })
  const request = () => middleware({} as Context, async () => undefined)
  await Promise.all([request(), request(), request()])
  expect(looks).toBe(1)
  await new Promise((resolve) => setImmediate(resolve))
  await request()
  expect(looks).toBe(2)
})
