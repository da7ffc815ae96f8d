import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startServer } from '../setup/server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { Visitor } from '../setup/visitor.ts'
import { signIn } from '../setup/person.ts'
import { ailments, enterAgain, gather, manyFromHere } from './people.ts'

const minutes = 60_000

it('a clock moved by five minutes, on and back, ends no session and breaks no chain', async () => {
  const file = join(temporaryDirectory(), 'moved')
  const moveTo = async (ms: number) => {
    writeFileSync(file, String(ms))
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  writeFileSync(file, '0')
  const shim = new URL('move-clock.mjs', import.meta.url).pathname
  const server = await startServer({
    ...manyFromHere,
    NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${shim}`,
    YIDENG_MOVED_CLOCK: file,
  })
  // by a clock that is right
  const { NODE_OPTIONS: _shim, ...environment } = server.environment
  const ailing = async () => (await ailments({ environment })).map(({ what }) => what)
  const crowd = await gather(server)
  /** To the code only: the test's own portal checks times by the clock of this process, which stands still. */
  const enterWithCode = async (username: string) => {
    const visitor = new Visitor(server.issuer)
    const { url } = await crowd.portal.begin()
    const page = await signIn(visitor, await visitor.get(url), username)
    expect(page.leads?.searchParams.has('code'), page.html).toBe(true)
    return visitor
  }
  const [one = '', two = '', three = ''] = crowd.usernames
  const before = await enterWithCode(one)
  await moveTo(5 * minutes)
  expect(await enterAgain(crowd, before)).toBe(true)
  const ahead = await enterWithCode(two)
  expect(await ailing()).toEqual(['clock'])
  await moveTo(0)
  expect(await enterAgain(crowd, before)).toBe(true)
  expect(await enterAgain(crowd, ahead)).toBe(true)
  await moveTo(-5 * minutes)
  expect(await enterAgain(crowd, before)).toBe(true)
  expect(await enterAgain(crowd, ahead)).toBe(true)
  const behind = await enterWithCode(three)
  await moveTo(0)
  expect(await enterAgain(crowd, behind)).toBe(true)
  expect((await ailing()).filter((what) => what !== 'clock')).toEqual([])
})
