import { accountFrame } from './account-frame.ts'
import type { Sample } from './samples.ts'

const at = 1_795_485_600_000
const longPortal = '连南瑶族自治县三排镇南岗千年瑶寨村民委员会便民服务站网上办事大厅'

const none = { passkey: false, codes: false, proof: false, possession: false }
const overview = {
  given: '晓岚',
  last: { at, place: '佛山市', signIn: 'i1' },
  claim: undefined as unknown,
  level: 3,
  next: none,
  face: true,
  portals: [
    { id: 'p1', name: '广东省政务服务网', at },
    { id: 'p2', name: longPortal, at },
  ],
  states: {
    ways: { words: 'ways', values: { count: 3 }, pill: 'good' },
    sessions: { words: 'sessions', values: { count: 2 } },
    portals: { words: 'count', values: { count: 3 } },
    organisations: { words: 'none' },
    helpers: { words: 'people', values: { count: 1 } },
    record: { words: 'name', values: { name: '周**' } },
  },
}
const offered = [
  { principal: '张建国', role: 'helper', all: false, matters: ['医保报销'], days: 14 },
  { principal: longPortal, role: 'handler', all: true, matters: [], days: 1 },
]
const dueAt = Date.UTC(2026, 10, 30, 2)
const overviews: readonly (Partial<typeof overview> & { name: string; unread?: number; offers?: object[] })[] = [
  { name: 'busy', unread: 1, offers: offered, next: { passkey: true, codes: true, proof: false, possession: true } },
  { name: 'unproven', level: 2, next: { passkey: true, codes: true, proof: true, possession: false }, portals: [] },
  {
    name: 'quiet',
    level: 4,
    states: { ...overview.states, ways: { words: 'care', values: { count: 0 }, pill: 'care' } },
  },
  { name: 'holder', claim: { side: 'holder', dueAt }, next: { ...none, passkey: true } },
  { name: 'claimant', level: 2, claim: { side: 'claimant', dueAt }, face: false, next: { ...none, codes: true } },
]

const mandateFacts = { matters: '税务申报、申请证照', until: '2027-11-24', under: '2' }
const mandateValues = { name: '周小桐', principal: '东江制造有限公司', matters: '税务申报、申请证照' }

/** Every question before a loss. */
const questions = [
  { kind: 'session', values: { device: 'Windows，Chrome' }, facts: { place: '深圳市', portals: longPortal } },
  { kind: 'others', values: { count: 3 } },
  { kind: 'device', values: { device: 'iPad，Safari' } },
  { kind: 'consent', values: { portal: longPortal } },
  { kind: 'way', values: { way: '密码' } },
  { kind: 'stranger', values: { way: '扫码' } },
  { kind: 'mandate', values: mandateValues, facts: mandateFacts },
  { kind: 'mandate_mine', values: mandateValues, facts: mandateFacts },
  { kind: 'offer', values: mandateValues, facts: mandateFacts },
  { kind: 'decline', values: mandateValues, facts: mandateFacts },
  { kind: 'codes', values: { left: 7 } },
  { kind: 'passkey', values: { name: '我的手机' } },
  { kind: 'face' },
  { kind: 'otp', facts: { otp_serial: '0042' } },
  { kind: 'merge', facts: { portals: longPortal } },
  { kind: 'merge_finish', facts: { account: '周** 138****5678', portals: longPortal } },
].map((ask) => ({ values: {}, facts: {}, ...ask, action: '/account/x', back: '/account' }))

/** The overview in its states, every question before a loss, and the merging of accounts. */
export const overviewSamples: readonly Sample[] = [
  ...overviews.map(({ name, unread = 0, offers = [], ...data }) => ({
    view: 'account/overview',
    name,
    data: { ...accountFrame('/account', { unread, offers: offers.length }), ...overview, offers, ...data },
  })),
  ...questions.map((ask) => ({ view: 'account/ask', name: ask.kind, data: { ...accountFrame('/account'), ask } })),
  ...(
    [
      ['start', {}],
      ['code', { code: '7K3M-W9QD-4AXE' }],
      ['finish', {}],
      ['other', {}],
      ['other', { problem: 'merge_code' }],
      ['agreed', {}],
      ['start', { done: 'merged' }],
    ] as const
  ).map(([step, more]) => ({
    view: 'account/merging',
    name: [step, ...Object.values(more)].join(' '),
    data: { ...accountFrame('/account/merging', { closesAt: 0 }), step, problem: '', code: '', done: '', ...more },
  })),
]
