import { CompactEncrypt, decodeJwt, generateKeyPair, SignJWT } from 'jose'

const changed = (hint: string, index: 0 | 1, to: (was: object) => unknown) => {
  const parts = hint.split('.')
  const was = JSON.parse(Buffer.from(parts[index] ?? '', 'base64url').toString()) as object
  parts[index] = Buffer.from(JSON.stringify(to(was))).toString('base64url')
  return parts.join('.')
}
const encrypted = async () =>
  new CompactEncrypt(Buffer.from('{}'))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt((await generateKeyPair('ECDH-ES')).publicKey)
const signedAs = async (hint: string, alg: string, key: Parameters<SignJWT['sign']>[0]) =>
  new SignJWT(decodeJwt(hint)).setProtectedHeader({ alg }).sign(key)

/** Hints that are not ours, made from a good one: what they are, and how they are made. */
export const oddHints: [what: string, make: (hint: string) => string | Promise<string>][] = [
  ['that is no token', () => 'abc.def.ghi'],
  ['of braces', () => 'e30.e30.'],
  ['with alg none', (hint) => changed(hint, 0, () => ({ alg: 'none' })).replace(/[^.]+$/, '')],
  ['with a changed signature', (hint) => `${hint.slice(0, -8)}AAAAAAAA`],
  ['that is encrypted', encrypted],
  ['with RS256 of a foreign key', async (hint) => signedAs(hint, 'RS256', (await generateKeyPair('RS256')).privateKey)],
  ['with HS256', (hint) => signedAs(hint, 'HS256', new Uint8Array(32))],
  ['with a critical header', (hint) => changed(hint, 0, (was) => ({ ...was, crit: ['x'], x: 1 }))],
  ['with a number as alg', (hint) => changed(hint, 0, (was) => ({ ...was, alg: 5 }))],
  ['without alg', (hint) => changed(hint, 0, () => ({}))],
  ['with null as its header', (hint) => changed(hint, 0, () => null)],
  ['with null as its payload', (hint) => changed(hint, 1, () => null)],
  ['with a number as aud', (hint) => changed(hint, 1, (was) => ({ ...was, aud: 5 }))],
  ['with an object as aud', (hint) => changed(hint, 1, (was) => ({ ...was, aud: { a: 1 } }))],
  ['with __proto__ as aud', (hint) => changed(hint, 1, (was) => ({ ...was, aud: '__proto__' }))],
  ['of four parts', (hint) => `${hint}.x`],
  ['of two dots', () => '..'],
  ['with a space', (hint) => ` ${hint}`],
  ['with NUL', () => '\0'],
]
