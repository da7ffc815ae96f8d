import { request } from 'node:http'
import { expect, it } from 'vitest'
import { restrictedAad } from '../../src/audit/chain.ts'
import { password } from '../setup/people.ts'
import { startServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

/** Raw bytes of a stranger, which HTTP reads as Latin-1. */
function postRaw(url: URL, body: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.on('error', reject)
    sent.end(Buffer.from(body))
  })
}

it('keeps no character of a browser name that could control a terminal', async () => {
  const server = await startServer()
  const services = await server.services()
  const visitor = new Visitor(server.issuer)
  const page = await visitor.get('/account')
  const fields = {
    identifier: 'nobody-at-all',
    password,
    csrf: /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '',
  }
  const status = await postRaw(
    new URL(`${page.url.pathname}/password`, server.issuer),
    String(new URLSearchParams(fields)),
    {
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'Steering \u{9b}31m\u{85}\u{ad}',
      cookie: visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
    },
  )
  expect(status).toBe(400)
  const { auditCipher } = services.dataKeys
  const entries = await services.database
    .selectFrom('audit_events')
    .select(['sequence', 'restricted'])
    .where('event', '=', 'login.refused')
    .execute()
  const opened = entries.map(({ sequence, restricted }) => auditCipher.open(restricted ?? '', restrictedAad(sequence)))
  const ours = opened.find((text) => text.includes('Steering'))
  expect(ours).toContain('Steering \u{fffd}31m\u{fffd}\u{fffd}')
  expect(ours).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
})
