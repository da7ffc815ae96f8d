import { accountFrame, csrf } from './account-frame.ts'
import type { Sample } from './samples.ts'

const told = (done: string, name = '', undo = '') => ({ acted: { done, name, undo } })
const account = { ...accountFrame('/account/organisations', { unread: 2 }), ...told('') }
const portal = {
  name: '广东省企业开办',
  host: 'qykb.gd.gov.cn',
  organisation: '广东省市场监督管理局',
  region: '广东省',
}

const company = {
  id: '0f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  name: '深圳市云岭科技有限公司',
  uscc: '914403001922038216',
  relation: 'legal_representative',
  blockedBy: '',
}
const gone = {
  ...company,
  id: 'b',
  name: '连南瑶族自治县三排镇南岗村千年瑶寨旅游开发专业合作社联合社',
  relation: '',
  blockedBy: 'unconfirmed',
}
const matters = [
  { name: 'tax.filing', words: '税务申报' },
  { name: 'social-insurance', words: '社会保险' },
]
const mandate = {
  id: 'm1',
  name: '周小桐',
  role: 'handler',
  all: false,
  matters: ['税务申报', '社会保险'],
  from: '2026-11-24',
  until: '2027-11-24',
  mine: false,
  state: 'in_force',
  mayEnd: true,
  mayConfirm: false,
}
/** As the person who holds it sees it: the page names the giver. */
const { name: _holder, ...held } = mandate
const members = [
  { ...mandate, role: 'manager', all: true, matters: [], mine: true },
  mandate,
  { ...mandate, id: 'm2', state: 'offered' },
  { ...mandate, id: 'm3', state: 'suspended', mayConfirm: true },
  { ...mandate, id: 'm4', state: 'not_now', mayEnd: false },
]
const offer = {
  ...mandate,
  principal: company.name,
  uscc: company.uscc,
  ends: '2026-12-08',
  problem: '',
}
const option: Record<string, unknown> = {
  id: 'o1',
  kind: 'legal_person',
  name: company.name,
  uscc: company.uscc,
  relation: 'handler',
  all: false,
  matters: ['税务申报'],
  blockedBy: '',
}
const question = {
  portal,
  action: '/login/8f3a/representee',
  cancelAction: '/login/8f3a/cancel',
  csrf,
  person: '周**',
  alone: true,
  refused: false,
}
const invite = {
  ...account,
  organisation: company,
  roles: ['handler', 'manager'],
  everything: true,
  matters,
  ticked: ['tax.filing'],
  periods: ['30', '365', '1095'],
  once: 'f1',
  values: { name: '', contact: '', role: 'handler', from: '2026-11-24', days: '365' },
  problems: {},
}
const helpers = {
  ...account,
  level: 3,
  helpers: [{ ...mandate, role: 'helper' }],
  helped: [{ ...company, name: '何桂芳', relation: 'helper', mandates: [{ ...held, role: 'helper' }] }],
  matters,
  ticked: [],
  periods: ['7', '30', '90'],
  once: 'f2',
  values: { name: '', contact: '', days: '30' },
  problems: {},
}

/** Every view about acting for another, with sample data. */
export const organisationSamples: readonly Sample[] = [
  {
    view: 'login/representee',
    name: 'choose',
    data: {
      ...question,
      options: [
        option,
        { ...option, id: 'o2', kind: 'natural_person', name: '何**', relation: 'helper' },
        { ...option, id: 'o3', name: gone.name, relation: '', blockedBy: 'unreachable' },
      ],
    },
  },
  {
    view: 'login/representee',
    name: 'refused',
    data: { ...question, refused: true, options: [{ ...option, all: true }] },
  },
  { view: 'login/representee', name: 'nobody', data: { ...question, alone: false, options: [] } },
  {
    view: 'account/organisations',
    name: 'some',
    data: { ...account, organisations: [company, gone], offers: 2, problem: '' },
  },
  {
    view: 'account/organisations',
    name: 'refused',
    data: { ...account, organisations: [], offers: 0, problem: 'not_representative', uscc: company.uscc },
  },
  {
    view: 'account/organisation',
    name: 'all',
    data: { ...account, organisation: { ...company, kind: 'enterprise' }, members, mayGive: true },
  },
  ...[
    told('removed', '周小桐', 'm5'),
    told('removed'),
    told('withdrawn', '周小桐', 'm6'),
    told('withdrawn'),
    told('regranted'),
  ].map((acted, index) => ({
    view: 'account/organisation',
    name: `after-${index}`,
    data: { ...account, ...acted, organisation: { ...company, kind: 'enterprise' }, members, mayGive: true },
  })),
  ...['given_back', 'declined', 'late'].map((done) => ({
    view: 'account/organisations',
    name: done,
    data: { ...account, ...told(done), organisations: [company], offers: 0, problem: '', uscc: '' },
  })),
  {
    view: 'account/organisation',
    name: 'blocked',
    data: { ...account, organisation: { ...gone, kind: 'cooperative' }, members: [], mayGive: false },
  },
  {
    view: 'account/signatures',
    name: 'some',
    data: {
      ...account,
      signatures: ['offer', 'accept', 'confirm'].map((act, index) => ({
        id: index + 1,
        act,
        at: '2026-11-24 10:00',
        role: index === 2 ? '' : 'handler',
        principal: index === 2 ? '' : '云岭科技有限公司',
      })),
    },
  },
  { view: 'account/signatures', name: 'none', data: { ...account, signatures: [] } },
  {
    view: 'account/organisation-history',
    name: 'some',
    data: {
      ...account,
      organisation: company,
      history: [
        { at: '2026-11-24 10:00', event: 'representative_changed', who: 'operator', signed: false },
        { at: '2026-11-23 10:00', event: 'accept', role: 'handler', holder: '周小桐', who: '周小桐', signed: true },
        { at: '2026-11-23 09:00', event: 'offer', who: 'operator', signed: false },
      ],
    },
  },
  { view: 'account/organisation-invite', name: 'first', data: invite },
  {
    view: 'account/organisation-invite',
    name: 'problems',
    data: {
      ...invite,
      roles: ['handler'],
      everything: false,
      latest: '2027-01-01',
      problems: {
        name: 'name_required',
        contact: 'contact_malformed',
        matters: 'matters_unknown',
        days: 'period_wrong',
        role: 'too_many_managers',
      },
    },
  },
  {
    view: 'account/mandate-offered',
    name: 'code',
    data: { ...account, name: '周小桐', code: '042317', back: '/account/organisations/a' },
  },
  {
    view: 'account/mandate-offered',
    name: 'document',
    data: { ...account, name: '周小桐', code: '', back: '/account/helpers' },
  },
  {
    view: 'account/invitations',
    name: 'some',
    data: {
      ...account,
      level: 3,
      offers: [
        offer,
        { ...offer, id: 'm2', role: 'helper', principal: '何桂芳' },
        { ...offer, id: 'm3', problem: 'own_mandate' },
      ],
      problem: '',
    },
  },
  { view: 'account/invitations', name: 'none', data: { ...account, level: 2, offers: [], problem: '' } },
  {
    view: 'account/invitations',
    name: 'wrong code',
    data: { ...account, level: 3, offers: [], problem: 'code_wrong' },
  },
  { view: 'account/helpers', name: 'some', data: helpers },
  { view: 'account/helpers', name: 'none', data: { ...helpers, level: 2, helpers: [], helped: [] } },
  {
    view: 'account/helpers',
    name: 'problems',
    data: { ...helpers, problems: { name: 'own_mandate', matters: 'matters_unknown' } },
  },
]
