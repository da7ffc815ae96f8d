import { beforeAll, expect, it } from 'vitest'
import { startCertificateLogin, textOn, type CertificateSetting } from '../setup/certificate-login.ts'
import { addPasskey } from '../setup/passkey.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'

let all: CertificateSetting
beforeAll(async () => {
  all = await startCertificateLogin()
})

const wayOf = (html: string) => /href="([^"]+\?way=certificate)"/.exec(html)?.[1] ?? ''

it('the page of a forgotten password leads to the ways that sign in without one', async () => {
  const person = await all.person()
  const one = await all.ofPerson(person)
  await all.bound(one, person)
  const login = await all.begin()
  const page = await login.visitor.get(`/recover?back=${login.path}`)
  expect(page.html).toContain('用数字证书登录')
  expect(page.html, 'not installed').not.toContain('用微信、支付宝登录')
  const back = await login.visitor.get(wayOf(page.html))
  expect(back.url.pathname).toBe(login.path)
  expect(textOn(back)).toBeTruthy()
  const entered = await all.signWith({ ...login, page: back }, one)
  await expect(login.begun.finish(entered)).resolves.toHaveProperty('id_token')

  // this browser has signed in by the certificate last, and by no passkey
  const again = await login.visitor.get('/recover')
  expect(again.html).not.toContain('class="sheet feature"')
})

it('the first page of the account offers a passkey to a person without one, and only then', async () => {
  const offer = 'href="/account/passkey'
  const nextOf = (html: string) => /<section[^>]*aria-labelledby="next"[\s\S]*?<\/section>/.exec(html)?.[0] ?? ''
  const person = await all.person()
  const room = await all.roomOf(person)
  expect(nextOf((await room.get('/account')).html)).toContain(offer)
  await addPasskey(room, new SoftwareAuthenticator(all.server.issuer))
  expect(nextOf((await room.get('/account')).html), 'there is no certificate').not.toContain(offer)
})
