import { beforeAll, describe, expect, it } from 'vitest'
import type { UpstreamLinkWay } from '../../src/accounts/upstream-links.ts'
import type { Services } from '../../src/services.ts'
import { openPerson } from '../setup/person.ts'
import { rewriteSessions } from '../setup/recovery.ts'
import { openRoom } from '../setup/room.ts'
import { routesOf } from '../setup/routes.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import type { Page } from '../setup/visitor.ts'

/**
 * Every page and act of the account centre, by what it needs. During a hold the session may be a stranger's who knows a recovery
 * code or holds the phone. An act is in `sign-in` only where it neither shuts the owner out nor costs them anything lasting.
 */
const needs = {
  open: ['GET /account/return', 'GET /account/closing/asked/:id'],
  // reads masked data, ends sessions, gives portals less, or keeps the account
  'sign-in': [
    'GET /account',
    'GET /account/ways',
    'GET /account/recovery',
    'GET /account/recovery/codes',
    'GET /account/sessions',
    'GET|POST /account/sessions/:id/end',
    'GET|POST /account/sessions/end-others',
    'GET|POST /account/devices/:id/forget',
    'POST /account/devices/:id/again',
    'GET /account/history',
    'GET /account/history/:id',
    'GET /account/receipts/:number',
    'GET /account/portals',
    'GET|POST /account/portals/:id/withdraw',
    'POST /account/portals/:id/again',
    'GET /account/notices',
    'POST /account/notices/read',
    'GET /account/invitations',
    'GET /account/helpers',
    'GET /account/organisations',
    'GET /account/organisations/:id',
    'GET /account/organisations/:id/history',
    'GET /account/mandates/:id/offered',
    'GET /account/signatures',
    'GET /account/signatures/:id',
    'GET /account/details',
    'GET /account/phone',
    'POST /account/closing/keep',
    'GET /account/passkey',
    'GET /account/password',
    'GET /account/otp',
    'GET /account/qr',
    'GET /account/face',
  ],
  // takes a way to sign in or a mandate away
  reduce: [
    'GET|POST /account/ways/:id/off',
    'GET|POST /account/ways/:id/not-me',
    'POST /account/history/:id/not-me',
    'GET|POST /account/mandates/:id/end',
    'GET|POST /account/invitations/:id/decline',
    'GET|POST /account/face/withdraw',
  ],
  // proves the owner, or shows what may
  protect: [
    'GET /account/passkey/:id',
    'GET|POST /account/passkey/:id/remove',
    'POST /account/passkey/:id/mine',
    'GET|POST /account/otp/:id/remove',
    'POST /account/otp/:id/mine',
    'POST /account/face/bind',
    'POST /account/face/start',
    'POST /account/face/consent',
    'POST /account/face/look',
    'POST /account/face/frames',
    'POST /account/face/done',
    'GET /account/face/return',
  ],
  change: [
    'POST /account/ways/:id/on',
    'POST /account/recovery',
    'GET|POST /account/recovery/renew',
    'GET|POST /account/details/correct',
    'GET /account/whole',
    'POST /account/phone',
    'GET|POST /account/phone/code',
    'POST /account/phone/again',
    'GET /account/phone/number',
    'GET /account/merging',
    'POST /account/merging/code',
    'POST /account/merging/join',
    'GET|POST /account/merging/join/:id',
    'GET|POST /account/merging/finish',
    'GET|POST /account/data',
    'GET|POST /account/closing',
    'GET|POST /account/passkey/add',
    'POST /account/passkey/add/options',
    'POST /account/passkey/:id/name',
    'GET|POST /account/otp/add',
    'POST /account/otp/code',
    'POST /account/password',
  ],
  grant: [
    'POST /account/invitations/open',
    'POST /account/invitations/:id/accept',
    'POST /account/helpers',
    'POST /account/organisations',
    'GET|POST /account/organisations/:id/invite',
    'POST /account/mandates/:id/again',
    'POST /account/mandates/:id/confirm',
    'GET|POST /account/mandates/sign',
    'POST /account/mandates/sign/options',
  ],
  level: ['POST /account/phone/level', 'POST /account/organisations/level'],
}
type Need = keyof typeof needs

/** How the session signed in (RFC 8176), and the answer to an act that such a session may never do. */
const sessions = {
  password: { amr: ['pwd'], refused: '' },
  passkey: { amr: ['hwk', 'user'], refused: '' },
  'password and token': { amr: ['pwd', 'otp', 'mfa'], refused: '' },
  'QR code': { amr: ['pwd', 'qr'], refused: '您这次是扫码登录的' },
  face: { amr: ['face'], refused: '您这次只是刷脸登录的' },
  text: { amr: ['otp', 'sms'], refused: '您这次只是用短信验证码登录的' },
  channel: { amr: ['wechat'], refused: '您这次只是用微信或支付宝登录的' },
  'certificate of a legal person': { amr: ['org-cert'], refused: '您这次只是用单位的证书登录的' },
  'certificate of a person': { amr: ['swk'], refused: '' },
  upstream: { amr: ['fed'], refused: '' },
  'held link': { amr: ['fed'], refused: '刚刚按证件号码连到这个账户' },
  'held link and face': { amr: ['fed', 'face'], refused: '刚刚按证件号码连到这个账户' },
  'password beside a held link': { amr: ['fed', 'pwd'], refused: '' },
}
type By = keyof typeof sessions

const heldWords = '账户刚找回，这件事要等一等'

/** What the guard of a route says; `in` where it lets the request through to the page or act itself. */
function verdictOf({ status, html, url }: Page): string {
  if (url.pathname.startsWith('/login/')) return 'sign in again'
  if (status !== 403) return 'in'
  const refused = Object.values(sessions).find((one) => one.refused !== '' && html.includes(one.refused))
  return html.includes(heldWords) ? 'held' : (refused?.refused ?? 'in')
}

function expectedOf(need: Need, by: By, held: boolean): string {
  const { refused } = sessions[by]
  if (need === 'open' || need === 'sign-in') return 'in'
  if (need === 'level') return 'sign in again'
  if (refused && (need !== 'reduce' || by !== 'QR code')) return refused
  return held && by !== 'passkey' && need !== 'protect' ? 'held' : 'in'
}

let server: RunningServer
let services: Services
let routes: { method: string; path: string; at: (parameter: string) => string; need: Need | undefined }[]

beforeAll(async () => {
  server = await startServer({ YIDENG_LOG_LEVEL: 'debug', YIDENG_SMS: 'console', YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
  const needed = new Map(
    (Object.entries(needs) as [Need, string[]][]).flatMap(([need, all]) =>
      all.flatMap((text) => {
        const [methods = '', path = ''] = text.split(' ')
        return methods.split('|').map((method) => [`${method} ${path}`, need] as const)
      }),
    ),
  )
  routes = routesOf(server)
    .pages.filter(({ path }) => path.startsWith('/account'))
    .map((route) => ({ ...route, need: needed.get(`${route.method} ${route.path}`) }))
  expect(needed.size).toBe(routes.length)
})

const link = (personId: string, way: UpstreamLinkWay) =>
  services.upstreamLinks.add(services.database, {
    upstream: 'foshan',
    subject: `${personId} ${way}`,
    personId,
    level: 3,
    way,
  })

it('every page and act of the account centre has its place in the table', () => {
  expect(routes.filter(({ need }) => need === undefined).map(({ method, path }) => `${method} ${path}`)).toEqual([])
  expect(routes.length).toBeGreaterThan(85)
})

describe.each(['free', 'held'])('an account that is %s', (state) => {
  it.each(Object.keys(sessions) as By[])('lets a session by %s do what the table says', async (by) => {
    const held = state === 'held'
    const person = await openPerson(services)
    const { visitor, csrf } = await openRoom(server.issuer, person)
    rewriteSessions(server.dataDir, person.id, { amr: sessions[by].amr, acr: 'urn:yideng:loa:2' })
    const until = held ? services.clock() + 3_600_000 : null
    await services.database
      .updateTable('natural_persons')
      .set({ held_until: until })
      .where('id', '=', person.id)
      .execute()
    // an own link holds nothing; one by number does, for a day
    await link(person.id, 'sign-in')
    if (by.includes('held link')) await link(person.id, 'number')
    const said: string[] = []
    const wanted: string[] = []
    for (const { method, path, at, need } of routes) {
      const page = method === 'GET' ? await visitor.get(at('x')) : await visitor.post(at('x'), { csrf })
      said.push(`${method} ${path}: ${verdictOf(page)}`)
      wanted.push(`${method} ${path}: ${expectedOf(need ?? 'open', by, held)}`)
    }
    expect(said).toEqual(wanted)
  })
})

describe('a stranger in a hold', () => {
  it('takes no passkey, way to sign in or consent to the face away from the owner', async () => {
    const person = await openPerson(services)
    const passkey = await services.authenticators.add({ personId: person.id, kind: 'passkey', data: '{}' })
    const { visitor, csrf } = await openRoom(server.issuer, person)
    await services.database
      .updateTable('natural_persons')
      .set({ held_until: services.clock() + 3_600_000 })
      .where('id', '=', person.id)
      .execute()
    const state = async () => ({
      authenticators: await services.authenticators.list(person.id),
      locks: await services.methodLocks.list(person.id),
    })
    rewriteSessions(server.dataDir, person.id, { acr: 'urn:yideng:loa:2' })
    const before = await state()
    const acts = [
      `passkey/${passkey?.id}/remove`,
      'ways/passkey/off',
      'ways/passkey/not-me',
      'ways/face/off',
      'ways/face/not-me',
      'ways/qr/off',
      'face/withdraw',
    ]
    for (const act of acts) {
      const answer = await visitor.post(`/account/${act}`, { csrf })
      expect([act, answer.status, answer.html.includes(heldWords)]).toEqual([act, 403, true])
    }
    expect(await state()).toEqual(before)
  })
})
