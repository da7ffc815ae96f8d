import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { calledByClients, fixedRoutes } from '../../src/http/endpoints.ts'
import { viewFiles } from '../../src/pages/view-files.ts'
import { loginForms } from '../login/login-forms.ts'
import { proofForms } from '../login/proof-forms.ts'
import { certificateFiles } from '../setup/certificate-login.ts'
import { channelRow, channelsFile, startVendors } from '../setup/channel-vendors.ts'
import { startCity } from '../setup/city.ts'
import { routesOf } from '../setup/routes.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { registerPortal } from '../setup/portal.ts'
import { upstreamsFile } from '../setup/upstream-login.ts'
import { roomForms } from './room-forms.ts'

let server: RunningServer

beforeAll(async () => {
  const vendors = await startVendors()
  const rows = [channelRow(vendors, 'wechat-mini'), channelRow(vendors, 'wechat-h5')]
  const city = await startCity('fs')
  server = await startServer({
    YIDENG_LOG_LEVEL: 'debug',
    YIDENG_CHANNELS: channelsFile(vendors, rows),
    YIDENG_CERT_CAS: (await certificateFiles()).file,
    YIDENG_UPSTREAMS: upstreamsFile([city.row()], city.secret),
  })
})

/** Endpoints that a script asks and that answer JSON: no form has their address. */
const ofScripts = new Set(
  `/account/mandates/sign/options /account/passkey/add/options /account/face/frames /account/face/look
   /recover/face/frames /recover/face/look /q/scan/:id/options
  /login/:attempt/passkey/options /login/:attempt/passkey/offer/options /login/:attempt/qr/start
  /login/:attempt/qr/cancel /login/:attempt/face/frames /login/:attempt/face/look`.split(/\s+/),
)

/** Forms whose every answer is decided elsewhere, with the test of it. */
const elsewhere: Record<string, string> = {
  '/authorize': 'test/oidc/posted-requests.test.ts',
  '/logout': 'test/oidc/logout-requests.test.ts',
  // typed digits: each wrong one counts
  '/login/:attempt/qr/code': 'test/login/methods/qr/attacks.test.ts',
  // a text in a minute: the second goes to the page for the code of the first; typed digits count
  '/recover/sms': 'test/recovery/text.test.ts',
  '/recover/sms/code': 'test/recovery/text.test.ts',
  // the same, for a number in a registration or in the account
  ...Object.fromEntries(
    ['', '/again', '/without'].flatMap((step) =>
      ['/register/code', '/login/:attempt/register/code'].map((path) => [
        path + step,
        'test/registration/phone-code.test.ts',
      ]),
    ),
  ),
  ...Object.fromEntries(
    ['', '/code', '/again', '/level'].map((step) => [
      `/account/phone${step}`,
      'test/account-centre/phone-room.test.ts',
    ]),
  ),
  // the second finds that the account has agreed, or that it is closed
  ...Object.fromEntries(
    ['/code', '/join', '/join/:id', '/finish'].map((step) => [
      `/account/merging${step}`,
      'test/account-centre/merging-room.test.ts',
    ]),
  ),
  // the second finds nothing left to correct
  '/account/details/correct': 'test/account-centre/record-correction.test.ts',
  // each start is a walk of its own; the question, and the page of a newcomer, take their proof once
  '/login/:attempt/upstream/:id/start': 'test/login/methods/upstream/callback.test.ts',
  '/login/:attempt/upstream/new': 'test/login/methods/upstream/proofs.test.ts',
  '/login/:attempt/upstream/found': 'test/login/methods/upstream/found.test.ts',
  '/login/:attempt/upstream/answer': 'test/login/methods/upstream/proofs.test.ts',
  // the second finds no link, or none that waits
  ...Object.fromEntries(
    ['/add', '/:id/remove', '/:id/undo', '/:id/mine'].map((act) => [
      `/account/upstream${act}`,
      'test/login/methods/upstream/account-centre.test.ts',
    ]),
  ),
  // each code counts once; a new secret takes the place of the one before
  '/login/:attempt/otp': 'test/login/methods/otp/sign-in.test.ts',
  '/login/:attempt/otp/start': 'test/login/methods/otp/required.test.ts',
  ...Object.fromEntries(
    ['/add', '/code', '/:id/remove', '/:id/mine'].map((act) => [
      `/account/otp${act}`,
      'test/login/methods/otp/enrolment.test.ts',
    ]),
  ),
  // each start has a state of its own; the question of a channel takes its proof once
  '/login/:attempt/channel/:id/start': 'test/login/methods/channel/redirect.test.ts',
  '/login/:attempt/channel/answer': 'test/login/methods/channel/account-centre.test.ts',
  '/account/channel/add': 'test/login/methods/channel/account-centre.test.ts',
  '/account/channel/:id/remove': 'test/login/methods/channel/account-centre.test.ts',
  '/account/channel/:id/mine': 'test/login/methods/channel/account-centre.test.ts',
  // each page has a challenge of its own, which counts once; the question takes its proof once
  '/login/:attempt/certificate': 'test/login/methods/certificate/sign-in.test.ts',
  '/login/:attempt/certificate/answer': 'test/login/methods/certificate/sign-in.test.ts',
  ...Object.fromEntries(
    ['/add', '/:id/remove', '/:id/mine'].map((act) => [
      `/account/certificate${act}`,
      'test/login/methods/certificate/account-centre.test.ts',
    ]),
  ),
  // a loss that is undone comes back once; recovery codes are asked for again
  '/account/recovery': 'test/account-centre/losses.test.ts',
  '/account/recovery/renew': 'test/account-centre/losses.test.ts',
  '/account/devices/:id/again': 'test/account-centre/losses.test.ts',
  '/account/portals/:id/again': 'test/account-centre/losses.test.ts',
  '/account/mandates/:id/again': 'test/account-centre/losses.test.ts',
}

const paths = (routes: readonly string[]) => new Set(routes.map((route) => route.replace(/^POST /, '')))

/** The end of an address, for the forms of a login. */
async function triedSteps(): Promise<Set<string>> {
  const services = await server.services()
  const kiosk = await registerPortal(services)
  const steps = new Set<string>()
  for (const { ask } of [...loginForms, ...proofForms(() => kiosk)].filter(({ form }) => !/face|kiosk/.test(form)))
    steps.add((await ask({ server, services })).step)
  for (const step of ['start', 'consent', 'done', 'identify']) steps.add(`face/${step}`)
  return new Set([...steps].map((step) => `/login/:attempt/${step}`))
}

/** Routes of oidc-provider that take a form of a browser. */
async function protocolForms(): Promise<string[]> {
  const own = fixedRoutes.filter((route) => !calledByClients.has(route))
  const tried = own.map(async (route) => {
    const path = route.replaceAll(/:\w+/g, 'x')
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const { status } = await fetch(server.issuer + path, { method: 'POST', body: '', headers, redirect: 'manual' })
    return { route, status }
  })
  return (await Promise.all(tried)).filter(({ status }) => status !== 404 && status !== 405).map(({ route }) => route)
}

it('every form of every page has its decision: sent twice it leads one way', async () => {
  const posts = routesOf(server)
    .pages.filter(({ method }) => method === 'POST')
    .map(({ path }) => path)
  const all = [...posts, ...(await protocolForms())]
  const tried = new Set([...paths(roomForms.map(({ route }) => route)), ...(await triedSteps())])
  const decided = new Set([...tried, ...ofScripts, ...Object.keys(elsewhere)])
  expect(all.filter((path) => !decided.has(path))).toEqual([])
  expect(
    [...decided].filter((path) => !all.includes(path)),
    'no such form',
  ).toEqual([])
  expect(tried.size).toBeGreaterThan(45)
  const missing = Object.values(elsewhere).filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))
  expect(missing).toEqual([])
})

it('no form of a view leads to an endpoint of scripts', () => {
  const actions = [...viewFiles().values()].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/<form\b[^>]*\baction="([^"]*)"/g)].map(([, action = '']) => action),
  )
  expect(actions.length).toBeGreaterThan(40)
  const ends = [...ofScripts].map((path) => path.split('/').slice(-2).join('/'))
  expect(actions.filter((action) => ends.some((end) => action.endsWith(`/${end}`)))).toEqual([])
})
