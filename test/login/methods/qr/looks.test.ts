import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { addPasskey } from '../../../setup/passkey.ts'
import {
  approve,
  byCamera,
  computerAndPhone,
  digitsOf,
  look,
  scan,
  signedInPhone,
  signOnPhone,
} from '../../../setup/qr.ts'
import { type RunningServer, usualServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { Visitor } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const gone = '这个二维码不能用了'

async function risksOf(personId: string) {
  const rows = await services.database
    .selectFrom('audit_events')
    .select('details')
    .where('person_id', '=', personId)
    .where('event', '=', 'qr.scanned')
    .execute()
  return rows.map(({ details }) => details)
}

describe('a look at a frame, and its claim', () => {
  it.each<[string, string, Record<string, string>]>([
    ['embedded in a page', 'GET', { ...byCamera, 'sec-fetch-dest': 'image' }],
    ['asked by HEAD', 'HEAD', byCamera],
    ['prefetched', 'GET', { ...byCamera, 'sec-purpose': 'prefetch' }],
    ['prerendered', 'GET', { ...byCamera, 'sec-purpose': 'prefetch;prerender' }],
    ['prefetched by an old browser', 'GET', { purpose: 'prefetch' }],
    ['prefetched by an old Firefox', 'GET', { 'x-moz': 'prefetch' }],
    ['opened by a link of another site', 'GET', { ...byCamera, 'sec-fetch-site': 'cross-site' }],
    ['opened by a link of a neighbour', 'GET', { ...byCamera, 'sec-fetch-site': 'same-site' }],
    ['looked at by a scanner of addresses', 'GET', {}],
    ['looked at and not gone on with', 'GET', byCamera],
  ])('an address that is %s claims nothing, and the phone still scans it', async (_name, method, headers) => {
    const { computer, phone } = await computerAndPhone(services)
    const frame = await computer.start()
    for (const somebody of [phone, new Visitor(server.issuer)]) {
      for (const _time of [1, 2]) await somebody.only(method, frame, undefined, headers)
    }
    expect(await computer.look()).toMatchObject({ state: 'created' })
    expect((await scan(phone, frame)).url.pathname).toMatch(/^\/q\/scan\//)
    expect(await computer.look()).toMatchObject({ state: 'scanned' })
  })

  it('a claim without a look of its own: none, of another browser, of another frame', async () => {
    const one = await computerAndPhone(services)
    const frame = await one.computer.start()
    const { pathname } = new URL(frame)
    const lookOf = (html: string) => /name="look" value="([^"]+)"/.exec(html)?.[1] ?? ''
    const csrfOf = (html: string) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
    const seen = await look(one.phone, frame)
    const other = await signedInPhone(server.issuer, one.person)
    const theirs = await look(other, frame)
    const claim = (visitor: Visitor, csrf: string, own: string) => visitor.post(pathname, { csrf, look: own })
    expect((await claim(other, csrfOf(theirs.html), lookOf(seen.html))).html).toContain(gone)
    expect((await claim(one.phone, csrfOf(seen.html), '')).html).toContain(gone)
    expect((await claim(one.phone, 'x', lookOf(seen.html))).status).toBe(403)
    const forged = lookOf(seen.html).replace(/\.\d\./, '.1.')
    expect((await claim(one.phone, csrfOf(seen.html), forged)).html).toContain(gone)
    const second = await computerAndPhone(services)
    const elsewhere = new URL(await second.computer.start()).pathname
    const moved = await one.phone.post(elsewhere, { csrf: csrfOf(seen.html), look: lookOf(seen.html) })
    expect(moved.html).toContain(gone)
    expect(await one.computer.look()).toMatchObject({ state: 'created' })
    expect(await second.computer.look()).toMatchObject({ state: 'created' })
    expect((await claim(one.phone, csrfOf(seen.html), lookOf(seen.html))).url.pathname).toMatch(/^\/q\/scan\//)
  })

  it.each(['cross-site', 'same-site', 'same-origin', ''])(
    'a frame reached by a link (%s) is asked for the digits, also of who has a passkey',
    async (site) => {
      const { person, computer, phone } = await computerAndPhone(services)
      const authenticator = new SoftwareAuthenticator(server.issuer)
      await addPasskey(phone, authenticator)
      const { 'sec-fetch-site': _none, ...rest } = byCamera
      const headers = site === '' ? rest : { ...rest, 'sec-fetch-site': site }
      const looked = await look(phone, await computer.start(), headers)
      expect(looked.html).toContain('这个登录二维码，是您自己扫的吗？')
      // nothing goes on by itself
      expect(looked.html).not.toContain('data-look')
      const asked = await phone.submit(looked, looked.url.pathname, {})
      const told = await signOnPhone(phone, asked, authenticator)
      expect(told.html).toContain('请把这 4 位数字输入电脑')
      expect((await computer.redeem()).leads).toBeUndefined()
      expect(await risksOf(person.id)).toEqual(['{"risk":"code","reasons":["reached-by-link"]}'])
    },
  )

  it('a person without a passkey types the digits, also by a camera in the same network', async () => {
    const { computer, phone, begun } = await computerAndPhone(services)
    const told = await approve(phone, await scan(phone, await computer.start()))
    expect(digitsOf(told)).toMatch(/^\d{4}$/)
    expect((await computer.redeem()).leads).toBeUndefined()
    await computer.post('code', { code: digitsOf(told) })
    await begun.finish(await computer.redeem())
  })

  it('a passkey that is gone when its holder agrees: the digits are asked for all the same', async () => {
    const { person, computer, phone } = await computerAndPhone(services)
    await addPasskey(phone, new SoftwareAuthenticator(server.issuer))
    const asked = await scan(phone, await computer.start())
    await services.authenticators.removeAll(person.id, 'passkey')
    expect(digitsOf(await approve(phone, asked))).toMatch(/^\d{4}$/)
    expect((await computer.redeem()).leads).toBeUndefined()
  })
})
