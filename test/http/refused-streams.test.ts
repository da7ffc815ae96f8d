import { describe, expect, it } from 'vitest'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const stream = { accept: 'text/event-stream' }

describe('a stream that is refused', () => {
  it('is told to stay closed, and gets no page: its login went on, ended or never was', async () => {
    const server = await usualServer()
    const services = await server.services()
    const person = await openPerson(services)
    const portal = await registerPortal(services)
    const visitor = new Visitor(server.issuer)
    const first = await visitor.get((await portal.begin()).url)
    const question = await signIn(visitor, first, person.username)
    const waiting = `${first.url.pathname}/qr/stream?id=${'0'.repeat(22)}`
    for (const path of [waiting, `/login/${'A'.repeat(43)}/qr/stream?id=x`, '/no/such/page']) {
      const answer = await visitor.only('GET', path, undefined, stream)
      expect([answer.status, answer.html, answer.leads], path).toEqual([204, '', undefined])
    }
    const left = question.leads ? question : await allow(visitor, question)
    expect(left.leads?.href).toContain(portal.redirectUri)
    const answer = await visitor.only('GET', waiting, undefined, stream)
    expect([answer.status, answer.html, answer.leads]).toEqual([204, '', undefined])
    const page = await visitor.only('GET', waiting, undefined, { accept: 'text/html' })
    expect(page.leads?.pathname, 'a page is led on').toMatch(/^\/login\//)
  })
})
