import { afterAll, expect, it, onTestFinished } from 'vitest'
import { startServer } from '../setup/server.ts'
import { build } from './build.ts'
import { examples } from './examples.ts'
import { signInAt, start } from './running.ts'

const example = examples.find(({ template }) => template === 'nginx')
let why = ''
afterAll(() => {
  if (why !== '') console.log(`Not run: headers at nginx: ${why}.`)
})

it('nginx tells the application who is there, and believes no header of a browser', async (context) => {
  if (!example) throw new Error('no example has nginx')
  const built = await build(example)
  if ('notRun' in built) {
    why = built.notRun
    return context.skip(why)
  }
  const server = await startServer()
  const place = { example, directory: built.directory, server, services: await server.services() }
  const portal = await start(place)
  onTestFinished(() => portal.stop())

  const one = await signInAt(place, portal)
  const other = await signInAt(place, portal)
  const [first, second] = [await one.browser.open(portal.url), await other.browser.open(portal.url)]
  for (const { text } of [first, second]) expect(text).toMatch(/^您好，[\w-]{20,}/)
  expect(first.text).not.toBe(second.text)

  for (const name of ['x-person', 'x-auth-request-user', 'x-forwarded-user', 'remote-user']) {
    const answer = await fetch(portal.url, { redirect: 'manual', headers: { [name]: 'another person' } })
    expect(answer.headers.get('location'), name).toMatch(new RegExp(`^${server.issuer}/authorize`))
    expect(await answer.text()).not.toContain('another person')
  }
  return undefined
})
