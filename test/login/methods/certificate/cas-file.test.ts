import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAuthorities } from '../../../../src/login/methods/certificate/cas-file.ts'
import { subjectOf } from '../../../../src/login/methods/certificate/subject.ts'
import { readCertificate } from '../../../../src/login/methods/certificate/x509/certificate.ts'
import { residentId } from '../../../setup/people.ts'
import { rules } from '../../../setup/certificate-login.ts'
import {
  extension,
  fields,
  issue,
  issueCa,
  listOf,
  pem,
  textExtension,
  usage,
  type Wanted,
} from '../../../setup/test-ca.ts'
import { tags, writeDer } from '../../../../src/login/methods/certificate/x509/der.ts'

const directory = mkdtempSync(join(tmpdir(), 'yideng-cas-'))
const at = (name: string) => join(directory, name)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const row = {
  id: 'gd',
  name: '粤信签',
  certificateFiles: ['root.pem'],
  subjects: [rules.natural, rules.legal],
  revocation: { ocsp: 'http://ocsp.example/' },
}

beforeAll(async () => {
  const root = await issueCa('根')
  writeFileSync(at('root.pem'), pem(root.der))
  writeFileSync(at('below.pem'), pem((await issueCa('签发', { by: root })).der))
  writeFileSync(at('person.pem'), pem((await issue({ by: root, subject: [[fields.commonName, '张三']] })).der))
  writeFileSync(at('some.txt'), 'secret text')
  writeFileSync(at('root.crl'), await listOf(root))
})

function read(content: unknown, sm2Keys: 'none' | 'svs' = 'none') {
  writeFileSync(at('cas.json'), JSON.stringify(content))
  return readAuthorities(at('cas.json'), { sm2Keys })
}

describe('the file of the CAs', () => {
  it('has its defaults', () => {
    const { agent, list } = read({ cas: [row] })
    expect(agent).toBeUndefined()
    expect(list.map(({ keys, level, revocation }) => [keys, level, revocation])).toEqual([
      ['software', 3, { ocsp: 'http://ocsp.example/', hash: 'sha1' }],
    ])
  })

  it.each<[string, object, string]>([
    ['no CA', { cas: [] }, 'cas'],
    ['an id twice', { cas: [row, row] }, 'each id once'],
    ['an unknown field', { cas: [{ ...row, trust: true }] }, 'trust'],
    ['no way to know of a revocation', { cas: [{ ...row, revocation: undefined }] }, 'revocation'],
    ['level 4', { cas: [{ ...row, level: 4 }] }, 'level'],
    ['a program on another machine', { agent: 'https://agent.example', cas: [row] }, '127.0.0.1'],
    ['a program by a path', { agent: 'http://127.0.0.1:1/x', cas: [row] }, 'origin'],
    ['no root', { cas: [{ ...row, certificateFiles: ['below.pem'] }] }, 'no certificate of a root'],
    ['the certificate of a person', { cas: [{ ...row, certificateFiles: ['person.pem'] }] }, 'none of a CA'],
    ['a file of another form', { cas: [{ ...row, certificateFiles: ['some.txt'] }] }, 'no certificate'],
    ['a missing file', { cas: [{ ...row, certificateFiles: ['none.pem'] }] }, 'a file of the CA gd'],
    ['a missing list', { cas: [{ ...row, revocation: { crls: ['none.crl'] } }] }, 'a file of the CA gd'],
    ['a device that the settings do not have', { cas: [{ ...row, revocation: { svs: true } }] }, 'YIDENG_SM2_KEYS=svs'],
    [
      'a pattern with two groups',
      { cas: [{ ...row, subjects: [{ ...rules.legal, name: { in: 'subject', oid: '2.5.4.3', pattern: '(a)(b)' } }] }] },
      'one group',
    ],
    [
      'a place that is no OID',
      { cas: [{ ...row, subjects: [{ ...rules.legal, name: { in: 'subject', oid: 'CN' } }] }] },
      'must be an OID',
    ],
  ])('with %s stops the start with a sentence', (_, content, words) => {
    expect(() => read(content)).toThrow(words)
    expect(() => read(content)).toThrow(
      /^The setting YIDENG_CERT_CAS names a file that cannot be used: (?!.*secret text)/,
    )
  })

  it('takes lists by file and by address, and the device', () => {
    expect(
      read({ cas: [{ ...row, revocation: { crls: ['root.crl', 'http://ca.example/1.crl'] } }] }).list,
    ).toHaveLength(1)
    expect(read({ cas: [{ ...row, revocation: { svs: true } }] }, 'svs').list).toHaveLength(1)
  })
})

describe('the subject of a certificate', () => {
  const number = residentId('44030019560312001')
  const code = '91440000000000001D'
  const now = Date.UTC(2026, 10, 30)
  const oid = '1.2.156.10260.4.1.3'
  const { commonName, serialNumber, organisation } = fields

  async function subject(
    wanted: Pick<Wanted, 'subject' | 'extensions'>,
    subjects: object[] = [rules.natural, rules.legal],
  ) {
    const [ca] = read({ cas: [{ ...row, subjects }] }).list
    return ca && subjectOf(ca, readCertificate((await issue(wanted)).der), now)
  }
  const ofPerson = [
    [commonName, '张三'],
    [serialNumber, `SF${number}`],
  ] as const
  const ofFirm = [
    [commonName, '办事员'],
    [organisation, '云岭科技有限公司'],
  ] as const
  const legal = { kind: 'legal', number: code, name: '云岭科技有限公司' }

  it('is a person, or a legal person, by the places of its CA', async () => {
    const natural = { kind: 'natural', documentType: 'resident_id', number, name: '张三' }
    expect(await subject({ subject: ofPerson })).toEqual(natural)
    const extensions = [usage(0), textExtension(oid, code)]
    expect(await subject({ subject: ofFirm, extensions })).toEqual(legal)
    // the first rule that fits counts
    const both = { subject: [...ofPerson, [organisation, '云岭科技有限公司'] as const], extensions }
    expect(await subject(both)).toEqual(natural)
    expect(await subject(both, [rules.legal, rules.natural])).toEqual(legal)
  })

  it.each<[string, (text: Buffer) => Buffer]>([
    ['UTF8String', (text) => writeDer(0x0c, text)],
    ['a choice with a tag of its own', (text) => writeDer(0xa0, writeDer(0x13, text))],
    ['an implicit tag', (text) => writeDer(0x80, text)],
    ['a sequence', (text) => writeDer(tags.sequence, writeDer(0x13, text))],
  ])('is found in an extension as %s', async (_, write) => {
    const extensions = [usage(0), extension(oid, write(Buffer.from(code)))]
    expect(await subject({ subject: ofFirm, extensions })).toEqual(legal)
  })

  it.each<[string, Pick<Wanted, 'subject' | 'extensions'>]>([
    ['the number twice', { subject: [...ofPerson, [serialNumber, `SF${number}`]] }],
    ['the name twice', { subject: [...ofPerson, [commonName, '李四']] }],
    ['no number', { subject: [[commonName, '张三']] }],
    ['no name', { subject: [[serialNumber, `SF${number}`]] }],
    [
      'a wrong check digit',
      {
        subject: [
          [commonName, '张三'],
          [serialNumber, 'SF440300195603120010'],
        ],
      },
    ],
    [
      'a number of another form',
      {
        subject: [
          [commonName, '张三'],
          [serialNumber, `XX${number}`],
        ],
      },
    ],
    [
      'more after the number',
      {
        subject: [
          [commonName, '张三'],
          [serialNumber, `SF${number} 1`],
        ],
      },
    ],
    [
      'two codes',
      {
        subject: ofFirm,
        extensions: [
          usage(0),
          extension(oid, writeDer(tags.sequence, writeDer(0x13, Buffer.from(code)), writeDer(0x13, Buffer.from(code)))),
        ],
      },
    ],
    ['a code of another form', { subject: ofFirm, extensions: [usage(0), textExtension(oid, 'x')] }],
    ['an extension that is no text', { subject: ofFirm, extensions: [usage(0), extension(oid, Buffer.from(code))] }],
  ])('is none with %s', async (_, wanted) => {
    expect(await subject(wanted)).toBeUndefined()
  })
})
