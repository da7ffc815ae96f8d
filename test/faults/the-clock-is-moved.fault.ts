import { expect, it } from 'vitest'
import { startServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { signIn } from '../setup/person.ts'
import { ailments, enterAgain, gather, manyFromHere } from './people.ts'

const minutes = 60_000

it('a clock moved by five minutes, on and back, ends no session and breaks no chain', async () => {
  const server = await startServer(manyFromHere)
  const { environment } = server
  const ailing = async () => (await ailments({ environment })).map(({ what }) => what)
  const crowd = await gather(server)
  /** Up to the code only: the portal of the test checks times by the clock of this process, which does not move. */
  const enterWithCode = async (username: string) => {
    const visitor = new Visitor(server.issuer)
    const { url } = await crowd.portal.begin()
    const page = await signIn(visitor, await visitor.get(url), username)
    expect(page.leads?.searchParams.has('code'), page.html).toBe(true)
    return visitor
  }
  const [one = '', two = '', three = ''] = crowd.usernames
  const before = await enterWithCode(one)
  await server.forward(5 * minutes)
  expect(await enterAgain(crowd, before)).toBe(true)
  const ahead = await enterWithCode(two)
  expect(await ailing()).toEqual(['clock'])
  await server.forward(-5 * minutes)
  expect(await enterAgain(crowd, before)).toBe(true)
  expect(await enterAgain(crowd, ahead)).toBe(true)
  await server.forward(-5 * minutes)
  expect(await enterAgain(crowd, before)).toBe(true)
  expect(await enterAgain(crowd, ahead)).toBe(true)
  const behind = await enterWithCode(three)
  await server.forward(5 * minutes)
  expect(await enterAgain(crowd, behind)).toBe(true)
  expect((await ailing()).filter((what) => what !== 'clock')).toEqual([])
})
