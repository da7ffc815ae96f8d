import { expect, it } from 'vitest'
import {
  decoyArgon2id,
  hashArgon2id,
  hasOtherParameters,
  verifyArgon2id,
} from '../../../src/accounts/passwords/argon2id.ts'

const light = { memoryKiB: 256, passes: 2, lanes: 1 }

// "password" of the reference implementation's test.c, and hashes of the library that earlier versions used
const foreign = [
  ['password', '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
  ['password', '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc'],
  ['password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
  ['password', '$argon2id$v=19$m=256,p=1,t=2$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
  ['Ａbc-é-密码 1', '$argon2id$v=19$m=1024,p=1,t=1$kKoHMipreHidQSfVVuzK+A$dPzqE0Kc+ODECOfHTYpviKW/CL4vdKGazGF17qDdbCM'],
  ['白云山-2026', '$argon2id$v=19$m=2048,p=2,t=3$vfHhPdzPeYssocUf6Nb7JQ$t9lkTL61Yuc+89wiRpTj8UI33S3DugmjfEhnTwK9DGI'],
] as const

it.each(foreign)('%s has the hash %s, which another program made', async (password, hash) => {
  expect(await verifyArgon2id(hash, password)).toBe(true)
  expect(await verifyArgon2id(hash, `${password} `)).toBe(false)
})

it('makes a PHC string that fits its password alone', async () => {
  const hash = await hashArgon2id('Baiyun-Shan-2026', light)
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=256,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  expect(await verifyArgon2id(hash, Buffer.from('Baiyun-Shan-2026'))).toBe(true)
  expect(await verifyArgon2id(hash, 'Baiyun-Shan-2027')).toBe(false)
  expect(await verifyArgon2id(decoyArgon2id(light), 'Baiyun-Shan-2026')).toBe(false)
})

it.each([
  ['no PHC string', 'hash'],
  ['another function', '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
  ['another version', '$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
  ['a parameter twice', '$argon2id$v=19$m=256,t=2,t=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
  ['more after it', '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4$'],
])('%s is an error, and needs a new hash', async (_what, hash) => {
  await expect(verifyArgon2id(hash, 'password')).rejects.toThrow('no hash of argon2id')
  expect(hasOtherParameters(hash, light)).toBe(true)
})
