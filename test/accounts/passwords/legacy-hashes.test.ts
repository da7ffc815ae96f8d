import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHashGate } from '../../../src/accounts/passwords/hash-gate.ts'
import { createPasswords } from '../../../src/accounts/passwords/hash.ts'
import { mostWork, workOf, type SlowWork } from '../../../src/accounts/passwords/legacy-hashes/compute.ts'
import { fastAlgorithms, parseLegacyHash } from '../../../src/accounts/passwords/legacy-hashes/legacy-hash.ts'
import { gbkBytes, passwordBytes } from '../../../src/accounts/passwords/legacy-hashes/password-bytes.ts'

const light = { memoryKiB: 1024, passes: 1, lanes: 1 }
const passwords = createPasswords({ parameters: light })
const old = 'Old-City-2019'
const long = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** Hashes that other programs made: hashlib, crypt(3), Openwall's crypt_blowfish, RFC 6070, RFC 7914, GB/T 32905. */
const made: [title: string, hash: string, password: string][] = [
  ['md5', '$legacy$scheme=md5,enc=hex$$5f4dcc3b5aa765d61d8327deb882cf99', 'password'],
  ['md5 in upper case', '$legacy$scheme=md5,enc=hex$$5F4DCC3B5AA765D61D8327DEB882CF99', 'password'],
  ['md5 in base64', '$legacy$scheme=md5,enc=b64$$X03MO1qnZdYdgyfeuILPmQ==', 'password'],
  ['md5 of GBK', '$legacy$scheme=md5$$a8dd51b25b47542e1008df28aa38ea57', '密码ABC123'],
  ['salt before', '$legacy$scheme=sha1,order=salt+pw$s4lt$b8721f38a056cafbd26eae651e4edddd71bb2a95', old],
  [
    'salt behind',
    '$legacy$scheme=sha256,order=pw+salt$s4lt$3fc2043866a0cf8eec41daf02db944a3a1c47a8837e3d36e9e26667e801a8021',
    old,
  ],
  ['sm3', '$legacy$scheme=sm3$$66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0', 'abc'],
  ['two steps', '$legacy$scheme=md5:salt+pw,front=md5$s4lt$8c8af972a2259bcdc089c870e6dbeb37', old],
  ['two steps, upper case', '$legacy$scheme=md5,order=pw+salt,front=MD5$s4lt$0308170899092e521a6609274911a91f', old],
  [
    'pbkdf2-sha1',
    '$legacy$scheme=pbkdf2-sha1,iterations=4096$salt$4b007901b765489abead49d926f721d065a429c1',
    'password',
  ],
  [
    'pbkdf2-sha256',
    '$legacy$scheme=pbkdf2-sha256,iterations=1,bytes=64$salt$55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
    'passwd',
  ],
  [
    'pbkdf2-sm3',
    '$legacy$scheme=pbkdf2-sm3,iterations=1000,salt-enc=hex$73346c74$07847588f476e2aca1ca76ca47077e7ef0b265193e014617a62e2b33f0f09476',
    old,
  ],
  ['bcrypt of crypt(3)', '$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq', 'rasmuslerdorf'],
  ['bcrypt 2a', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  [
    'bcrypt over 72 bytes',
    '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
    `${long}chars after 72 are ignored`,
  ],
  ['bcrypt by name', '$legacy$scheme=bcrypt$$$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
]

describe.each(made)('%s', (_title, hash, password) => {
  it('is verified bare and wrapped, and no other password fits', async () => {
    const wrapped = await passwords.wrap(hash)
    for (const stored of [hash, wrapped]) {
      expect(await passwords.verify(stored, password)).toBe(true)
      expect(await passwords.verify(stored, `${password.slice(0, 3)}x`)).toBe(false)
      expect(await passwords.verify(stored, '')).toBe(false)
      expect(passwords.needsRehash(stored)).toBe(true)
    }
  })

  it('is not in its wrapped form', async () => {
    const parsed = parseLegacyHash(hash) ?? expect.fail()
    const bare = 'bare' in parsed.hash ? parsed.hash.bare : expect.fail()
    const wrapped = await passwords.wrap(hash)
    for (const form of ['hex', 'base64', 'base64url'] as const)
      expect(wrapped.toLowerCase()).not.toContain(bare.toString(form).replace(/=+$/, '').toLowerCase())
    expect(wrapped).not.toContain(hash.slice(-20))
    expect(wrapped).toMatch(/\$argon2id\$v=19\$[^$]+\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(await passwords.wrap(wrapped)).toBe(wrapped)
    expect(workOf(parseLegacyHash(wrapped) ?? expect.fail())).toEqual(workOf(parsed))
  })
})

describe('a typed password', () => {
  const md5Of = (bytes: Buffer | string) => `$legacy$scheme=md5$$${createHash('md5').update(bytes).digest('hex')}`

  it('fits as it was typed, and in its normal form', async () => {
    const typed = 'Ａbc-é-2019 '
    for (const bytes of [Buffer.from(typed), Buffer.from(typed.normalize('NFKC'))])
      expect(await passwords.verify(md5Of(bytes), typed)).toBe(true)
  })

  it('of ASCII letters has one form, others few', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 40 }), (text) => passwordBytes(text).length === 1),
    )
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => passwordBytes(text).length <= 4))
  })

  it('in GBK is what a decoder of GBK reads', () => {
    const decoder = new TextDecoder('gbk')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
        const bytes = gbkBytes(text)
        return bytes === undefined || decoder.decode(bytes) === text
      }),
    )
    expect(gbkBytes('密码')?.toString('hex')).toBe('c3dcc2eb')
    expect(gbkBytes('密码😀')).toBeUndefined()
  })

  it('with a NUL character is not cut there, as C programs cut it', async () => {
    const hash = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
    expect(await passwords.verify(hash, 'U*U\0')).toBe(true) // as every control character, it is left out
    expect(await passwords.verify(hash, 'U*U\0more')).toBe(false)
    expect(await passwords.verify(md5Of('a\0b'), 'a\0b')).toBe(false)
  })
})

describe('the format', () => {
  it.each([
    '',
    '$legacy$',
    '$legacy$scheme=md5$$5f4dcc3b5aa765d61d8327deb882cf9',
    '$legacy$scheme=md5$$5f4dcc3b5aa765d61d8327deb882cf99ff',
    '$legacy$scheme=md5$$5f4dcc3b5aa765d61d8327deb882cfzz',
    '$legacy$scheme=md5$salt$5f4dcc3b5aa765d61d8327deb882cf99',
    '$legacy$scheme=md5,order=pw+pw$salt$5f4dcc3b5aa765d61d8327deb882cf99',
    '$legacy$scheme=md5,colour=red$$5f4dcc3b5aa765d61d8327deb882cf99',
    '$legacy$scheme=md5,scheme=md5$$5f4dcc3b5aa765d61d8327deb882cf99',
    '$legacy$scheme=md5,front=crc32$$5f4dcc3b5aa765d61d8327deb882cf99',
    '$legacy$scheme=md5,enc=text$$0123456789abcdef',
    '$legacy$scheme=sha512$$5f4dcc3b5aa765d61d8327deb882cf99',
    '$legacy$scheme=pbkdf2-sha1$salt$4b007901b765489abead49d926f721d065a429c1',
    '$legacy$scheme=pbkdf2-sha1,iterations=0$salt$4b007901b765489abead49d926f721d065a429c1',
    '$legacy$scheme=pbkdf2-sha1,iterations=100000000$salt$4b007901b765489abead49d926f721d065a429c1',
    '$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    '$2a$13$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe',
    '5f4dcc3b5aa765d61d8327deb882cf99',
  ])('refuses %j', (text) => expect(parseLegacyHash(text)).toBeUndefined())

  it('survives any text', () => {
    const part = fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom('$', '=', ',', 'scheme', 'md5', 'bcrypt', '2b'))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const parsed = parseLegacyHash(`$legacy$${parts.join('')}`)
        return parsed === undefined || 'scheme' in parsed
      }),
    )
  })

  it('keeps every fast scheme through the wrap', async () => {
    const salt = fc.string({
      unit: fc.constantFrom('a', 'Z', '0', '盐', ' ', '=', ',', ':'),
      minLength: 1,
      maxLength: 8,
    })
    const anyHash = fc.record({
      algorithm: fc.constantFrom(...fastAlgorithms),
      order: fc.constantFrom('salt+pw', 'pw+salt'),
      salt,
      password: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 }),
    })
    await fc.assert(
      fc.asyncProperty(anyHash, async ({ algorithm, order, salt: text, password }) => {
        const bytes = order === 'salt+pw' ? text + password : password + text
        const hex = createHash(algorithm).update(bytes).digest('hex')
        const wrapped = await passwords.wrap(`$legacy$scheme=${algorithm},order=${order}$${text}$${hex}`)
        expect(await passwords.verify(wrapped, password)).toBe(true)
        expect(await passwords.verify(wrapped, `${password}x`)).toBe(false)
      }),
      { numRuns: 30 },
    )
  })
})

describe('the time of a check', () => {
  const bcrypt = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
  const md5 = made[0]?.[1] ?? ''
  const pbkdf2 = made.find(([title]) => title === 'pbkdf2-sha1')?.[1] ?? ''
  const workIn = (...hashes: string[]) =>
    hashes.map((hash) => workOf(parseLegacyHash(hash) ?? expect.fail())).reduce(mostWork, {} as SlowWork)

  it('is that of the most costly hash of the store for every account, and for none', async () => {
    const work = { ...workIn(bcrypt, md5), bcrypt: 2 ** 7, sha1: 20_000 }
    const real = createPasswords({ parameters: { ...light, memoryKiB: 8192 }, legacyWork: async () => work })
    const cases = {
      argon2id: await real.hash(old),
      'bare md5': md5,
      'wrapped md5': await real.wrap(md5),
      'bare bcrypt': bcrypt,
      'wrapped bcrypt': await real.wrap(bcrypt),
      'wrapped pbkdf2': await real.wrap(pbkdf2),
    }
    // the time of the processor, of all threads: other programs on the machine do not change it
    const worked = async (call: () => Promise<unknown>) => {
      const before = process.cpuUsage()
      await call()
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    for (const typed of ['wrong password', '错误的密码']) {
      const least: Record<string, number> = {}
      const note = (name: string, time: number) => (least[name] = Math.min(least[name] ?? Infinity, time))
      await real.verifyDecoy(typed)
      for (let round = 0; round < 4; round += 1) {
        note('none', await worked(() => real.verifyDecoy(typed)))
        for (const [name, hash] of Object.entries(cases)) note(name, await worked(() => real.verify(hash, typed)))
      }
      for (const [name, time] of Object.entries(least)) {
        expect(time / (least['none'] ?? 0), `${name} ${typed}`).toBeGreaterThan(0.8)
        expect(time / (least['none'] ?? 0), `${name} ${typed}`).toBeLessThan(1.25)
      }
    }
  })

  it('is behind the gate, once for each check and each wrap', async () => {
    let passed = 0
    const gate = createHashGate({ concurrent: 1, waiting: { known: 0, quiet: 0, noisy: 0 } })
    const counted = createPasswords({ parameters: light, gate: (work, line) => gate(((passed += 1), work), line) })
    const wrapped = await counted.wrap(bcrypt)
    await counted.verify(bcrypt, '错误的密码')
    await counted.verify(wrapped, 'U*U')
    expect(passed).toBe(3)
    const [first, second] = [counted.verify(wrapped, 'U*U'), counted.verify(bcrypt, 'U*U')]
    await expect(second).rejects.toMatchObject({ code: 'busy' })
    await first
  })
})
