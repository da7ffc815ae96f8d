import { describe, expect, it } from 'vitest'
import { readCertificate, type Certificate } from '../../../../../src/login/methods/certificate/x509/certificate.ts'
import { checkChain } from '../../../../../src/login/methods/certificate/x509/chain.ts'
import { readDer, tags, writeDer } from '../../../../../src/login/methods/certificate/x509/der.ts'
import {
  constraints,
  ecKey,
  extension,
  fields,
  issue,
  issueCa,
  purposes,
  rsaKey,
  sm2Key,
  usage,
  type Issued,
  type Wanted,
} from '../../../../setup/test-ca.ts'

const now = Date.now()
const day = 86_400_000
const root = await issueCa('测试根')
const middle = await issueCa('测试签发', { by: root, pathLength: 0 })
const subject = [[fields.commonName, '张三']] as const

const read = (...all: Issued[]): Certificate[] => all.map(({ der }) => readCertificate(der))

async function outcome(one: Issued, cas: Issued[] = [root, middle], at = now) {
  const checked = await checkChain(readCertificate(one.der), read(...cas), at)
  return 'fault' in checked ? checked.fault : 'good'
}

const person = (wanted: Partial<Wanted> = {}) => issue({ subject, by: middle, ...wanted })

describe('a chain to the CAs of the file', () => {
  it.each([
    ['SM2', sm2Key],
    ['ECDSA', ecKey],
    ['RSA', rsaKey],
  ])('holds for a key of %s, for CAs of that kind too', async (_, make) => {
    const top = await issueCa('根', { key: make() })
    const below = await issueCa('签发', { key: make(), by: top })
    expect(await outcome(await issue({ subject, key: make(), by: below }), [top, below])).toBe('good')
  })

  it('needs each CA up to a root, from the file alone', async () => {
    const one = await person()
    expect(await outcome(one)).toBe('good')
    expect(await outcome(one, [middle])).toBe('untrusted')
    expect(await outcome(one, [root])).toBe('untrusted')
    expect(await outcome(one, [])).toBe('untrusted')
  })

  it('takes the right one of two CAs of one name, and neither of a stranger', async () => {
    const renewed = await issueCa('测试签发', { by: root })
    const lookalike = await issueCa('测试签发')
    const lookalikeRoot = await issueCa('测试根')
    expect(await outcome(await person({ by: renewed }), [root, middle, renewed])).toBe('good')
    expect(await outcome(await person({ by: lookalike }))).toBe('untrusted')
    expect(await outcome(await person({ by: lookalikeRoot }))).toBe('untrusted')
    // its own signature, the name of the person
    expect(await outcome(await issue({ subject }))).toBe('untrusted')
  })

  it('ends where a CA may not have another below it', async () => {
    const third = await issueCa('第三级', { by: middle })
    expect(await outcome(await person({ by: third }), [root, middle, third])).toBe('untrusted')
    const free = await issueCa('签发', { by: root })
    const below = await issueCa('第三级', { by: free })
    expect(await outcome(await person({ by: below }), [root, free, below])).toBe('good')
  })

  it.each([
    ['no constraints', [usage(5, 6)]],
    ['constraints that say no', [constraints(false), usage(5, 6)]],
    ['no usage', [constraints(true)]],
    ['another usage', [constraints(true), usage(0, 6)]],
    ['an unknown limit', [constraints(true), usage(5, 6), extension('2.5.29.36', Buffer.from('3000', 'hex'), true)]],
    ['limits of names', [constraints(true), usage(5, 6), extension('2.5.29.30', Buffer.from('3000', 'hex'), true)]],
    ['limits not said to be critical', [constraints(true), usage(5, 6), extension('2.5.29.30', Buffer.of(0x30, 0))]],
  ])('refuses a CA with %s', async (_, extensions) => {
    const ca = await issueCa('签发', { by: root, extensions })
    expect(await outcome(await person({ by: ca }), [root, ca])).toBe('untrusted')
  })

  it('holds beside an expired certificate of the same CA, and over a new key that the old one signed', async () => {
    const old = { key: root.key, from: now - 9 * day, until: now - day }
    const one = await person()
    const expired = [await issueCa('测试根', old), await issueCa('测试签发', { ...old, key: middle.key, by: root })]
    expect(await outcome(one, [...expired, root, middle])).toBe('good')
    expect(await outcome(one, [root, middle, ...expired])).toBe('good')
    const newKey = sm2Key()
    const rolled = await issueCa('测试根', { key: newKey, by: root })
    const below = await issueCa('新签发', { by: rolled })
    const theirs = await person({ by: below })
    for (const cas of [
      [root, rolled, below],
      [below, rolled, root],
    ])
      expect(await outcome(theirs, cas)).toBe('good')
    expect(await outcome(theirs, [rolled, below])).toBe('untrusted')
  })

  it('counts to the second, for the person and for each CA', async () => {
    const until = Math.floor(now / 1000) * 1000
    const one = await person({ from: until - day, until })
    expect(await outcome(one, [root, middle], until)).toBe('good')
    expect(await outcome(one, [root, middle], until + 1)).toBe('time')
    expect(await outcome(one, [root, middle], until - day - 1)).toBe('time')
    const old = await issueCa('旧根', { from: now - 9 * day, until: now - day })
    expect(await outcome(await person({ by: old }), [old])).toBe('time')
    const below = await issueCa('签发', { by: old })
    expect(await outcome(await person({ by: below }), [old, below])).toBe('time')
  })
})

describe('the certificate of a person', () => {
  it.each([
    ['encryption (双证)', [usage(2, 3, 4)]],
    ['key agreement', [usage(4)]],
    ['no usage at all', []],
    ['an empty usage', [usage()]],
    ['a CA', [usage(0, 5), constraints(true)]],
    ['servers', [usage(0), purposes('1.3.6.1.5.5.7.3.1')]],
  ])('for %s is refused', async (_, extensions) => {
    expect(await outcome(await person({ extensions }))).toBe('not-for-signing')
  })

  it.each([
    ['signatures', [usage(0, 1)]],
    ['both', [usage(0, 2)]],
    ['clients', [usage(0), purposes('1.3.6.1.5.5.7.3.2')]],
    ['any purpose', [usage(0), purposes('2.5.29.37.0')]],
    ['signatures, with an extension of its CA', [usage(0), extension('1.2.156.1', Buffer.from('0500', 'hex'))]],
  ])('for %s is accepted', async (_, extensions) => {
    expect(await outcome(await person({ extensions }))).toBe('good')
  })

  it('with an unknown critical extension is refused', async () => {
    const extensions = [usage(0), extension('1.2.156.1', Buffer.from('0500', 'hex'), true)]
    expect(await outcome(await person({ extensions }))).toBe('form')
  })

  it('is refused after each change of one signed byte', async () => {
    const { der } = await person()
    const cas = read(root, middle)
    // the certificate begins with 4 bytes of length
    for (let at = 4; at < der.length; at += 23) {
      const changed = Buffer.from(der)
      changed[at] = (changed[at] ?? 0) ^ 1
      const checked = await Promise.resolve()
        .then(() => checkChain(readCertificate(changed), cas, now))
        .catch(() => ({ fault: 'unreadable' }))
      expect(checked, `byte ${at}`).toHaveProperty('fault')
    }
  })
})

describe('bytes that are no certificate', () => {
  it.each([
    ['trailing bytes', (der: Buffer) => Buffer.concat([der, Buffer.of(0)])],
    ['an early end', (der: Buffer) => der.subarray(0, -1)],
    [
      'a length that is longer than needed',
      (der: Buffer) => Buffer.concat([Buffer.of(0x30, 0x83, 0), der.subarray(2)]),
    ],
    ['the endless form', (der: Buffer) => Buffer.concat([Buffer.of(0x30, 0x80), der.subarray(4), Buffer.alloc(2)])],
    ['a part more', (der: Buffer) => writeDer(tags.sequence, readDer(der).content, writeDer(tags.null))],
    ['nothing', () => Buffer.alloc(0)],
    ['too much', (der: Buffer) => Buffer.concat([der, Buffer.alloc(8192)])],
  ])('%s are refused', async (_, change) => {
    const { der } = await person()
    expect(() => readCertificate(change(der))).toThrow(/./)
  })

  it('an extension twice, version 1, and weak or foreign keys are refused', async () => {
    const faulty = [
      person({ extensions: [usage(0), usage(0)] }),
      person({ version: Buffer.alloc(0) }),
      person({ key: rsaKey(1024) }),
      person({ key: ecKey('secp256k1') }),
    ]
    for (const { der } of await Promise.all(faulty)) expect(() => readCertificate(der)).toThrow(/./)
  })
})
