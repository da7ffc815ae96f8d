import { accountFrame } from '../pages/account-frame.ts'
import { samples } from '../pages/samples.ts'
import type { Look } from './site.ts'

/** A page as it is photographed. `mock` is its file in the folder of mocks, without `.html`. */
export interface Shown {
  readonly name: string
  readonly mock?: string
  /** The page for a phone, a computer, and in 关怀版 where it is another page. */
  readonly phone: Look
  readonly computer: Look
  readonly elder?: Look
  /** Absent from docs/images: another page shows the same. */
  readonly picture?: false
}

const dataOf = (view: string, name: string): Record<string, unknown> => {
  const sample = samples.find((one) => one.view === view && one.name === name)
  if (!sample) throw new Error(`There is no sample ${view} (${name})`)
  return { ...sample.data }
}
const page = (view: string, name: string, data: object = {}): Look => ({
  view,
  data: { ...dataOf(view, name), ...data },
})
const same = (name: string, look: Look, mock?: string, more: Partial<Shown> = {}): Shown => ({
  name,
  ...(mock === undefined ? {} : { mock }),
  phone: look,
  computer: look,
  ...more,
})
const unpictured = { picture: false } as const

const shenzhen = {
  name: '深圳市政务服务网',
  host: 'www.sz.gov.cn',
  organisation: '深圳市政务服务和数据管理局',
  region: '深圳市',
  colour: '#1a5fa8',
}
const province = {
  name: '广东省政务服务网',
  host: 'www.gdzwfw.gov.cn',
  organisation: '广东省政务服务和数据管理局',
  region: '广东省',
  colour: '#9b1c1c',
}
const kiosk = { ...shenzhen, name: '政务服务一体机', organisation: '南山区政务服务中心', colour: '#1a5fa8' }
const toProvince = { portal: province }
const toShenzhen = { portal: shenzhen }

/** What the server answers to the script of the QR code, by the end of the path. */
const frame = { id: 'q1', state: 'created', left: 42, age: 0, frame: 'https://login.gd.gov.cn/q/1.8f3aK7Q2M9XA.0.mac' }
const qrAnswers = (said: object) => ({ '/qr/start': { ...frame, ...said }, '/qr/state': { ...frame, ...said } })
const withCode = (look: Look, said: object = {}): Look => {
  const { ways } = look.data as { ways: readonly { name: string }[] }
  const scripted = ways.map((way) => (way.name === 'qr' ? { ...way, scripts: ['qr.js'] } : way))
  return { ...look, data: { ...look.data, ways: scripted }, answers: qrAnswers(said) }
}

const signIn = (name: string, data: object = toProvince) => withCode(page('login/sign-in', name, data))
const waiting = { state: 'scanned', frame: undefined }
const digits = { state: 'approved', code: '', frame: undefined }

const inWechat = { container: { app: 'wechat', exit: 'menu' } }
const consent = dataOf('login/consent', 'all')['portal'] as object
const person = { given: '晓岚' }
const menu = (path: string) => accountFrame(path, { unread: 1, offers: 2 })
const mandates = {
  ...accountFrame('/account/organisations'),
  organisation: { id: 'a', name: '东江制造有限公司', uscc: '914419005555512345', kind: 'enterprise', blockedBy: '' },
}

/** The pages that have a mock, in its order, and three more. */
export const shown: readonly Shown[] = [
  {
    name: 'sign-in',
    mock: '01-sign-in',
    phone: signIn('phone'),
    computer: signIn('computer'),
    elder: page('login/elder-start', 'all', toProvince),
  },
  { name: 'sign-in-passkey', mock: '02-sign-in-passkey', phone: signIn('known'), computer: signIn('known') },
  same('kiosk', signIn('kiosk', { portal: kiosk }), '03-kiosk', {
    elder: page('login/elder-start', 'kiosk', { portal: kiosk }),
  }),
  same('register-1', page('register/who', 'first', toShenzhen), '04a-register-1'),
  same('register-2', page('register/password', 'first', toShenzhen), '04b-register-2'),
  same('register-3', page('register/agree', 'first', toShenzhen), '04c-register-3'),
  same('registered', page('register/registered', 'on to a portal', toShenzhen), '04d-registered'),
  same('consent', page('login/consent', 'all', { portal: { ...consent, ...shenzhen } }), '05-consent'),
  same('qr-ask', page('qr/ask', 'near', toShenzhen), '06a-qr-ask'),
  same('qr-waiting', withCode(page('login/one-way', 'qr', toShenzhen), waiting), '06b-qr-waiting', unpictured),
  same('qr-digits', withCode(page('login/one-way', 'qr', toShenzhen), digits), '06c-qr-digits', unpictured),
  same('account', page('account/overview', 'busy', { ...menu('/account'), ...person }), '07-account'),
  same('devices', page('account/sessions', 'forgotten'), '08-devices'),
  same('mandates', page('account/organisation', 'all', mandates), '09a-mandates'),
  same('mandates-confirm', page('account/ask', 'mandate'), '09b-mandates-confirm'),
  same('mandates-done', page('account/organisation', 'after-0', mandates), '09c-mandates-done', unpictured),
  same('forgot', page('recover/start', 'first'), '10-forgot'),
  same('portal-suspended', page('error/error', 'paused-portal', toShenzhen), '11a-portal-suspended'),
  same('login-expired', page('error/error', 'expired'), '11b-login-expired'),
  same('elder-start', { ...page('login/elder-start', 'all', toProvince), elder: true }, '12a-elder-start', unpictured),
  same(
    'elder-password',
    { ...page('login/one-way', 'password', toProvince), elder: true },
    '12b-elder-password',
    unpictured,
  ),
  same('face', page('face/capture', 'ready'), '13-face'),
  same('sign-out', page('logout/confirm', 'portal', toProvince), '14-sign-out'),
  same('linking', page('upstream/offer', 'offer'), '15-linking', unpictured),
  same('wechat', page('login/sign-in', 'mini program', { ...toProvince, ...inWechat }), '16-wechat', unpictured),
  same('home', page('home/home', 'portals')),
  same('ways', page('account/ways', 'plain', { done: '', refused: '' })),
]
