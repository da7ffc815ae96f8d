import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { ExternalSigningKey } from 'oidc-provider'
import { expect, it } from 'vitest'
import { keySet } from '../../../src/oidc/engine/provider-key-set.ts'

it('signs ES256 as r and s of 32 bytes each, also when one of them begins with zeros', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = { key: createPublicKey(privateKey), dsaEncoding: 'ieee-p1363' } as const
  const [signing] = keySet([
    { kid: 'test', alg: 'ES256', createdAt: '2026-01-01T00:00:00Z', useFrom: 0, privateKey },
  ]).keys
  if (!(signing instanceof ExternalSigningKey)) throw new Error('ES256 is not signed in this process')
  let shorter = 0
  // one in 128 signatures has a shorter number
  for (let count = 0; shorter < 3 && count < 5000; count += 1) {
    const data = Buffer.from(`message ${count}`)
    const signature = await signing.sign(data)
    expect(signature).toHaveLength(64)
    expect(verify('sha256', data, key, signature)).toBe(true)
    if (signature[0] === 0 || signature[32] === 0) shorter += 1
  }
  expect(shorter).toBe(3)
})
