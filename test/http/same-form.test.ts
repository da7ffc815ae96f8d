import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { addPasskey } from '../setup/passkey.ts'
import { openPerson } from '../setup/person.ts'
import { signedInPhone } from '../setup/qr.ts'
import { usualServer, type RunningServer } from '../setup/server.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

interface Filled {
  visitor: Visitor
  page: Page
  action: string
  fields: Record<string, string>
}

const fresh = { password: '换了一个很长的新密码 2026', password_again: '换了一个很长的新密码 2026' }

async function withPasskey() {
  const person = await openPerson(services)
  const visitor = await signedInPhone(server.issuer, person)
  await addPasskey(visitor, new SoftwareAuthenticator(server.issuer))
  const [passkey] = await services.authenticators.list(person.id, 'passkey')
  return { visitor, path: `/account/passkey/${passkey?.id}` }
}

const forms: { form: string; fill(): Promise<Filled>; leads: string }[] = [
  {
    form: 'removal of a passkey',
    leads: '/account/passkey?done=removed',
    async fill() {
      const { visitor, path } = await withPasskey()
      return { visitor, page: await visitor.get(`${path}/remove`), action: '/remove', fields: {} }
    },
  },
  {
    form: 'name of a passkey',
    leads: '/account/passkey?done=renamed',
    async fill() {
      const { visitor, path } = await withPasskey()
      return { visitor, page: await visitor.get(path), action: '/name', fields: { name: '我的手机' } }
    },
  },
  {
    form: 'new password in the account centre',
    leads: '/account/password?done=changed',
    async fill() {
      const visitor = await signedInPhone(server.issuer, await openPerson(services))
      return { visitor, page: await visitor.get('/account/password'), action: '/password', fields: fresh }
    },
  },
  {
    form: 'new password after a recovery',
    leads: '/recover/done',
    async fill() {
      const person = await openPerson(services)
      const made = await services.recovery.makeLink(person.id, { counter: false }, { actor: 'administrator:test' })
      const visitor = new Visitor(server.issuer)
      return { visitor, page: await visitor.get(`/recover/${made?.token}`), action: '/new-password', fields: fresh }
    },
  },
]

describe.each(forms)('$form', ({ fill, leads }) => {
  const at = ({ url }: Page) => url.pathname + url.search

  it.each([0, 40])('twice, %d ms apart', async (gapMs) => {
    const { visitor, page, action, fields } = await fill()
    const first = visitor.submit(page, action, fields)
    await new Promise((resolve) => setTimeout(resolve, gapMs))
    const pages = await Promise.all([first, visitor.submit(page, action, fields)])
    expect(pages.map((one) => [one.status, at(one)])).toEqual([
      [200, leads],
      [200, leads],
    ])
  })

  it('once more after the first', async () => {
    const { visitor, page, action, fields } = await fill()
    for (const _time of [1, 2]) {
      const answer = await visitor.submit(page, action, fields)
      expect([answer.status, at(answer)]).toEqual([200, leads])
    }
  })
})
