import { createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openSqliteArtifacts } from '../../../../src/storage/artifacts-sqlite.ts'
import { signAnswer } from '../../../../src/proofing/face/vendors/webhook.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { room } from '../../../setup/face.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { startServer } from '../../../setup/server.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

const secret = 'a-secret-both-sides-know-and-nobody-else'

/** A platform of the province: it sends every browser back, with the result that the test sets. */
async function platform() {
  const said = { outcome: 'passed' }
  const returns: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const name = (request.url ?? '').slice(1)
      const { nonce, return_url: back } = JSON.parse(body) as { nonce: string; return_url?: string }
      if (back) returns.push(back)
      const answer = JSON.stringify({ nonce, reference: 'r-7', ...(back ? { url: 'https://face.example/7' } : said) })
      const at = String(Date.now())
      const asked = String(request.headers['x-yideng-signature'])
      const signature = signAnswer(secret, { timestamp: at, path: name, body: answer }, asked)
      response.writeHead(200, { 'x-yideng-timestamp': at, 'x-yideng-signature': signature })
      response.end(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return { said, returns, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
}

it('a vendor takes the person to its page and back, and into the portal; each return counts once, in its own login', async () => {
  const vendor = await platform()
  const directory = mkdtempSync(join(tmpdir(), 'yideng-vendor-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'vendors.json')
  writeFileSync(file, JSON.stringify({ webhook: { url: vendor.url, secret } }))
  const server = await startServer({
    YIDENG_FACE_PROOFING: 'webhook',
    YIDENG_FACE_STEP_UP: 'webhook',
    YIDENG_FACE_VENDORS: file,
    YIDENG_FACE_FAILURES: '2',
  })
  const services = await server.services()
  const portal = await registerPortal(services, { consent: 'implicit' })
  const person = await openPerson(services)
  const begin = async () => {
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin({ acr_values: 'urn:yideng:loa:4' })
    const question = await signIn(visitor, await visitor.get(begun.url), person.username)
    return { visitor, begun, question }
  }
  const leave = async (visitor: Visitor, page: Page) => {
    let next = await visitor.submit(page, '/face/start', {})
    if (next.html.includes('name="agree"')) next = await visitor.submit(next, '/face/consent', { agree: 'yes' })
    expect(next.html).toContain('href="https://face.example/7"')
    return vendor.returns.at(-1) ?? ''
  }

  const one = await begin()
  const other = await begin()
  const returned = await leave(one.visitor, one.question)
  // another login cannot use it, and has not used it up
  const stolen = await other.visitor.get(returned.replace(one.question.url.pathname, other.question.url.pathname))
  expect(stolen.html).toContain('时间到了')

  vendor.said.outcome = 'cancelled'
  expect((await one.visitor.get(await leave(one.visitor, one.question))).html).toContain('您取消了核验')
  vendor.said.outcome = 'passed'
  const back = await leave(one.visitor, one.question)
  const tokens = await one.begun.finish(await one.visitor.get(back))
  expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:4', amr: ['pwd', 'face'] })
  expect((await one.visitor.get(back)).leads, 'no second code').toBeUndefined()

  // it may take longer than a sign-in stays fresh: after signing in again the result is there
  const slow = await room(server.issuer, person)
  const late = await leave(slow.visitor, slow.page)
  const artifacts = openSqliteArtifacts(join(server.dataDir, 'artifacts.sqlite'), Date.now)
  for (const { id, value } of await artifacts.listGroup('Session', person.id)) {
    const session = JSON.parse(value) as { loginTs: number }
    await artifacts.compareAndSet('Session', id, value, JSON.stringify({ ...session, loginTs: session.loginTs - 600 }))
  }
  await artifacts.close()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const again = await slow.visitor.get(late)
  expect((await signIn(slow.visitor, again, person.username)).url.search).toBe('?done=proved')

  // a failure there counts without a return of the browser, and no second verification is open beside it
  vendor.said.outcome = 'failed'
  const two = await begin()
  const kept = await leave(two.visitor, two.question)
  await leave(two.visitor, two.question)
  expect((await two.visitor.submit(two.question, '/face/start', {})).html).toContain('24 小时内不能再刷脸')
  vendor.said.outcome = 'passed'
  expect((await two.visitor.get(kept)).html).toContain('时间到了')
})
