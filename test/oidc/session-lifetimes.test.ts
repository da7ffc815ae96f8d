import { expect, it } from 'vitest'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const minutes = 60_000

it('a sign-in ends after half an hour without use, and after twelve hours with use', async () => {
  const server = await startServer()
  const services = await server.services()
  const person = await openPerson(services)
  const portal = await registerPortal(services, { consent: 'implicit' })
  const visitor = new Visitor(server.issuer)
  const begin = async () => visitor.get((await portal.begin()).url)
  const letIn = async () => (await begin()).leads?.searchParams.has('code') ?? false

  await signIn(visitor, await begin(), person.username)
  await server.forward(28 * minutes)
  expect(await letIn(), 'used after 28 minutes').toBe(true)
  await server.forward(28 * minutes)
  expect(await letIn(), 'another 28 minutes later').toBe(true)
  await server.forward(32 * minutes)
  expect(await letIn(), 'after 32 minutes without use').toBe(false)

  await signIn(visitor, await begin(), person.username)
  for (let used = 0; used < 25; used += 1) {
    await server.forward(28 * minutes)
    expect(await letIn(), `used for ${(used + 1) * 28} minutes`).toBe(true)
  }
  await server.forward(21 * minutes)
  expect(await letIn(), 'after twelve hours').toBe(false)
})
