import { chownSync, copyFileSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openCookieKeys } from '../../src/keys/cookie-keys.ts'
import { addIndexKey } from '../../src/keys/data-key-changes.ts'
import { openDataKeys } from '../../src/keys/data-keys.ts'
import { readSettings } from '../../src/config/settings.ts'
import { openSigningKeys } from '../../src/keys/signing-keys.ts'
import { addTokenKeys, openTokenKeys } from '../../src/keys/token-keys.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const clock = () => Date.UTC(2026, 10, 23)

describe('key files', () => {
  it('are made once, for their owner only, with the explanation beside them', () => {
    const directory = join(temporaryDirectory(), 'keys')
    const made = openSigningKeys(directory, clock).map((key) => key.kid)
    openDataKeys(directory)
    const cookies = openCookieKeys(directory)
    expect(openSigningKeys(directory, clock).map((key) => key.kid)).toEqual(made)
    expect(openCookieKeys(directory)).toEqual(cookies)
    expect(readdirSync(directory).sort()).toEqual(['README.md', 'cookies.json', 'data.json', 'signing.json'])
    for (const file of ['cookies.json', 'data.json', 'signing.json']) {
      expect(statSync(join(directory, file)).mode & 0o777, file).toBe(0o600)
    }
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(readFileSync(join(directory, 'README.md'), 'utf8')).toContain('Back up `data.json` now')
  })

  it.skipIf(process.getuid?.() !== 0)('changed by root, they keep the server’s user', () => {
    const directory = temporaryDirectory()
    openDataKeys(directory)
    const file = join(directory, 'data.json')
    chownSync(file, 65_534, 65_534)
    addIndexKey(directory, 'international', 'i1')
    const { uid, gid, mode } = statSync(file)
    expect([uid, gid, mode & 0o777]).toEqual([65_534, 65_534, 0o600])
  })

  const sizes = (directory: string) =>
    openSigningKeys(directory, clock).map(({ alg, privateKey }) => {
      const { namedCurve, modulusLength } = privateKey.asymmetricKeyDetails ?? {}
      return [alg, namedCurve ?? modulusLength]
    })

  it('are of P-256 and of RSA with 2048 bits; by setting with 3072, from the next rotation', () => {
    const environment = { YIDENG_KEYS_DIR: temporaryDirectory() }
    const directory = environment.YIDENG_KEYS_DIR
    openTokenKeys(readSettings(environment), clock)
    const first = [
      ['ES256', 'prime256v1'],
      ['RS256', 2048],
    ]
    expect(sizes(directory)).toEqual(first)
    const longer = readSettings({ ...environment, YIDENG_RSA_BITS: '3072' })
    openTokenKeys(longer, clock)
    expect(sizes(directory)).toEqual(first)
    addTokenKeys(longer, clock, clock())
    const second = [...first, ['ES256', 'prime256v1'], ['RS256', 3072]]
    expect(sizes(directory)).toEqual(second)
    // the key of 3072 bits stays under the usual setting, until a rotation
    addTokenKeys(readSettings(environment), clock, clock())
    expect(sizes(directory)).toEqual([...second, ...first])
  })

  it('have 3072 bits from the first start where the setting asks for it', () => {
    const directory = temporaryDirectory()
    openTokenKeys(readSettings({ YIDENG_KEYS_DIR: directory, YIDENG_RSA_BITS: '3072' }), clock)
    expect(sizes(directory)).toContainEqual(['RS256', 3072])
  })

  it('refuse other files', () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'data.json'), '{"current":"d1","keys":{"d1":"short"}}')
    expect(() => openDataKeys(directory)).toThrow()
  })
})

describe('field cipher', () => {
  it('opens a sealed value with its own AAD only', () => {
    const { cipher } = openDataKeys(temporaryDirectory())
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (text, aad, another) => {
        fc.pre(aad !== another && !/[\ud800-\udfff]/.test(text))
        const sealed = cipher.seal(text, aad)
        expect(cipher.open(sealed, aad)).toBe(text)
        expect(() => cipher.open(sealed, another)).toThrow()
      }),
    )
  })

  it('never produces the same sealed value twice, and refuses a changed byte', () => {
    const { cipher } = openDataKeys(temporaryDirectory())
    const sealed = cipher.seal('440300199001011234', 'p')
    expect(cipher.seal('440300199001011234', 'p')).not.toBe(sealed)
    for (let index = 3; index < sealed.length; index += 1) {
      const changed = `${sealed.slice(0, index)}${sealed[index] === 'A' ? 'B' : 'A'}${sealed.slice(index + 1)}`
      if (Buffer.from(changed.slice(3), 'base64url').equals(Buffer.from(sealed.slice(3), 'base64url'))) continue
      expect(() => cipher.open(changed, 'p'), String(index)).toThrow()
    }
    for (const broken of ['', 'd1', 'd1.', 'd2.AAAA', sealed.slice(0, 20)])
      expect(() => cipher.open(broken, 'p')).toThrow()
  })

  it('does not open with keys of another store', () => {
    const [one, other] = [temporaryDirectory(), temporaryDirectory()]
    const sealed = openDataKeys(one).cipher.seal('x', 'p')
    expect(() => openDataKeys(other).cipher.open(sealed, 'p')).toThrow()
    copyFileSync(join(one, 'data.json'), join(other, 'data.json'))
    expect(openDataKeys(other).cipher.open(sealed, 'p')).toBe('x')
  })
})

it('blind indexes are equal only for the same value and kind', () => {
  const { blindIndex } = openDataKeys(temporaryDirectory())
  expect(blindIndex('phone', '1')).toBe(blindIndex('phone', '1'))
  const others = [
    blindIndex('phone', '2'),
    blindIndex('document', '1'),
    openDataKeys(temporaryDirectory()).blindIndex('phone', '1'),
  ]
  expect(others).not.toContain(blindIndex('phone', '1'))
})
