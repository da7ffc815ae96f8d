import { checkCharacter } from '../../src/accounts/identifiers/gb11643.ts'
import { anna, berta, type FaceArea } from './photographs.ts'

export interface DemoPerson {
  username: string
  password: string
  name: string
  phone: string
  documentType: 'resident_id' | 'hk_macao_permit'
  documentNumber: string
  /** The name in the population register for this number. */
  registeredName: string
  /** 3 if both names are equal. */
  level: 2 | 3
  /** The person whose photograph the register has for this number. The names are invented. */
  photograph?: FaceArea
  special: string
}

/** A valid number without owner: only counties issue numbers, and 440000 is a province. */
function residentId(birthDate: string, serial: string): string {
  const body = `440000${birthDate}${serial}`
  return body + checkCharacter(body)
}

type Given = Omit<DemoPerson, 'password' | 'registeredName' | 'level'> & { registeredName?: string }

const password = 'Yideng-demo-2026'

/** Invented, like their numbers. */
const given: readonly Given[] = [
  {
    username: 'lixiaolan',
    name: '李晓岚',
    phone: '13800000001',
    documentType: 'resident_id',
    documentNumber: residentId('19920518', '024'),
    photograph: anna,
    special: 'level 3: name and number are in the population register. Start here',
  },
  {
    username: 'heguifang',
    name: '何桂芳',
    phone: '13800000002',
    documentType: 'resident_id',
    documentNumber: residentId('19410209', '046'),
    special: '85 years old: try 关怀版 (large text) on the sign-in page',
  },
  {
    username: 'wangzihao',
    name: '王子豪',
    registeredName: '王子浩',
    phone: '13800000003',
    documentType: 'resident_id',
    documentNumber: residentId('19980730', '031'),
    special: 'level 2: the register has another name (王子浩) under this number',
  },
  {
    username: 'wongkayan',
    name: '黄嘉欣',
    phone: '13800000004',
    documentType: 'hk_macao_permit',
    documentNumber: 'H80000001',
    special: '港澳居民来往内地通行证 instead of an ID card: portals get no birth date or gender',
  },
  {
    username: 'gulnar',
    name: '古丽娜尔·买买提',
    phone: '13800000005',
    documentType: 'resident_id',
    documentNumber: residentId('19850903', '062'),
    special: 'a long name with a middle dot',
  },
  {
    username: 'linzhixing',
    name: '林知行',
    phone: '13800000006',
    documentType: 'resident_id',
    documentNumber: residentId('19800112', '075'),
    special: 'legal representative of 云岭科技: manages who acts for it at /account/organisations',
  },
  {
    username: 'zhouxiaotong',
    name: '周小桐',
    phone: '13800000007',
    documentType: 'resident_id',
    documentNumber: residentId('19950824', '048'),
    photograph: berta,
    special: 'handler of 云岭科技 for licences: sign in at 企业开办一窗通',
  },
  {
    username: 'chensiyuan',
    name: '陈思远',
    phone: '13800000008',
    documentType: 'resident_id',
    documentNumber: residentId('19900306', '059'),
    special: 'handler of 云岭科技 for taxes only: comes in, but the API refuses the licences',
  },
]

const withLevel = (person: Given): DemoPerson => {
  const registeredName = person.registeredName ?? person.name
  return { ...person, password, registeredName, level: registeredName === person.name ? 3 : 2 }
}

export const people: readonly DemoPerson[] = given.map(withLevel)

/** Of 佛山市 alone, whose account system is an upstream of the demo. */
const ofCity: Given = {
  username: 'liangpeiyi',
  name: '梁佩仪',
  phone: '13800000009',
  documentType: 'resident_id',
  documentNumber: residentId('19880617', '066'),
  special: 'only 佛山市 has her: the first sign-in by 佛山市 opens an account of the province',
}

/** The people of 佛山市: one of them has an account of the province too, with the same number and name. */
export const cityPeople: readonly DemoPerson[] = [
  ...people
    .filter(({ username }) => username === 'lixiaolan')
    .map((person) => ({ ...person, special: 'the same person as in the province: 佛山市 leads to her account there' })),
  withLevel(ofCity),
]

/** A population register of the demo, in the format of `yideng register import --kind people`. */
export function registerCsv(registered: readonly DemoPerson[]): string {
  const rows = registered.map((person) => [person.documentType, person.documentNumber, person.registeredName].join(','))
  return `${['document_type,document_number,name', ...rows].join('\n')}\n`
}
