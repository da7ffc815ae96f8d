import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { derOfRaw, generateSm2Key, readSm2PublicKey } from '../../../../../src/keys/guomi/sm2.ts'
import { sm2 } from 'sm-crypto-v2'
import { readCertificate, readKey } from '../../../../../src/login/methods/certificate/x509/certificate.ts'
import { checkChain } from '../../../../../src/login/methods/certificate/x509/chain.ts'
import { answerAlgorithms, isSignedBy } from '../../../../../src/login/methods/certificate/x509/signature.ts'
import { noOpenssl } from '../../../../setup/certificate.ts'
import { temporaryDirectory } from '../../../../setup/temporary.ts'
import { ecKey, rsaKey, sm2Key, type TestKey } from '../../../../setup/test-ca.ts'

const data = Buffer.from('yideng-cert-1\nhttps://id.example\nlogin\nportal\nchallenge')
const order = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n
const oids = answerAlgorithms

const kinds: [string, () => TestKey][] = [
  ['SM2', sm2Key],
  ['ECDSA', ecKey],
  ['RSA', rsaKey],
]

describe('a signature', () => {
  it.each(kinds)('of %s counts for its data, its key and its algorithm alone', async (_, make) => {
    const key = make()
    const own = readKey(key.spki)
    const signature = await key.sign(data)
    expect(await isSignedBy(own, oids[key.name], data, signature)).toBe(true)
    expect(await isSignedBy(readKey(make().spki), oids[key.name], data, signature)).toBe(false)
    expect(await isSignedBy(own, oids[key.name], Buffer.concat([data, Buffer.from('\n')]), signature)).toBe(false)
    for (const oid of Object.values(oids))
      expect(await isSignedBy(own, oid, data, signature)).toBe(oid === oids[key.name])
    // SHA-1, MD5
    for (const oid of ['1.2.840.113549.1.1.5', '1.2.840.113549.1.1.4', '1.2.840.10045.4.1'])
      expect(await isSignedBy(own, oid, data, signature)).toBe(false)
  })

  it.each(kinds)('of %s with trailing, missing or changed bytes is false', async (_, make) => {
    const key = make()
    const own = readKey(key.spki)
    const signature = await key.sign(data)
    const last = Buffer.from(signature)
    last[last.length - 1] = (last.at(-1) ?? 0) ^ 1
    const faulty = [Buffer.concat([signature, Buffer.of(0)]), signature.subarray(0, -1), last, Buffer.alloc(0)]
    for (const one of faulty) expect(await isSignedBy(own, oids[key.name], data, one)).toBe(false)
  })

  it('of SM2 needs the usual id of a signer, and numbers within the order', async () => {
    const jwk = generateSm2Key()
    const { point } = readSm2PublicKey(jwk)
    const key = { kind: 'sm2', key: readSm2PublicKey(jwk) } as const
    const hex = Buffer.from(jwk.d, 'base64url').toString('hex')
    const signWith = (userId: string) =>
      derOfRaw(Buffer.from(sm2.doSignature(data, hex, { hash: true, publicKey: point, userId }), 'hex'))
    const right = signWith('1234567812345678')
    expect(await isSignedBy(key, oids['SM2-SM3'], data, right)).toBe(true)
    expect(await isSignedBy(key, oids['SM2-SM3'], data, signWith('another'))).toBe(false)
    expect(await isSignedBy(key, oids['SM2-SM3'], data, signWith(''))).toBe(false)
    const number = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
    for (const [r, s] of [
      [0n, 1n],
      [1n, 0n],
      [order, 1n],
      [1n, order],
      [1n, order - 1n],
    ] as const)
      expect(await isSignedBy(key, oids['SM2-SM3'], data, derOfRaw(Buffer.concat([number(r), number(s)])))).toBe(false)
    // raw r ‖ s is another form
    expect(await isSignedBy(key, oids['SM2-SM3'], data, Buffer.alloc(64, 1))).toBe(false)
  })
})

describe.skipIf(noOpenssl)('certificates that openssl makes', () => {
  const openssl = (...argv: string[]) => {
    const { status, stderr } = spawnSync('openssl', argv)
    if (status !== 0) throw new Error(`openssl ${argv[0]}: ${stderr.toString()}`)
  }

  it.each([
    ['SM2', ['ecparam', '-genkey', '-name', 'SM2', '-noout'], ['-sm3', '-sigopt', 'distid:1234567812345678']],
    ['ECDSA', ['ecparam', '-genkey', '-name', 'prime256v1', '-noout'], ['-sha256']],
    ['RSA', ['genrsa', '2048'], ['-sha256']],
  ])('of %s are read as node:crypto reads them, and their signature holds', async (_, keyOf, how) => {
    const directory = temporaryDirectory()
    const file = (name: string) => join(directory, name)
    const [verb = '', ...rest] = keyOf
    openssl(verb, ...(verb === 'genrsa' ? ['-out', file('key'), ...rest] : [...rest, '-out', file('key')]))
    const subject = [
      '-subj',
      '/C=CN/O=Yideng/CN=root',
      '-days',
      '9',
      '-addext',
      'keyUsage=critical,keyCertSign,cRLSign',
    ]
    openssl('req', '-new', '-x509', '-key', file('key'), ...how, ...subject, '-out', file('pem'))
    const known = new X509Certificate(readFileSync(file('pem')))
    const read = readCertificate(known.raw)
    expect(BigInt(`0x${read.serial}`)).toBe(BigInt(`0x${known.serialNumber}`))
    expect(new Date(read.notAfter).toUTCString()).toBe(new Date(known.validTo).toUTCString())
    expect(read.fields.map(({ text }) => text)).toEqual(['CN', 'Yideng', 'root'])
    expect(await isSignedBy(read.key, read.algorithm, read.tbs, read.signature)).toBe(true)
    // a CA is no person
    expect(await checkChain(read, [read], Date.now())).toEqual({ fault: 'not-for-signing' })
  })
})
