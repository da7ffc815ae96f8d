import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { merklePath, merkleRoot, rootOver } from '../../src/audit/merkle.ts'
import type { Receipt } from '../../src/audit/receipts.ts'
import { auditedStore } from './setup.ts'

it.each(['sha256', 'sm3'] as const)('by %s every leaf leads to the root; other values do not', (digest) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 70 }), fc.nat(), (leaves, seed) => {
      const root = merkleRoot(leaves, digest)
      const size = leaves.length
      const index = seed % size
      const path = merklePath(leaves, index, digest)
      const leaf = leaves[index] ?? ''
      expect(rootOver(leaf, { index, size, path }, digest)).toBe(root)
      expect(rootOver(`${leaf}x`, { index, size, path }, digest)).not.toBe(root)
      expect(rootOver(leaf, { index, size, path }, digest === 'sm3' ? 'sha256' : 'sm3')).not.toBe(root)
      expect(rootOver(leaf, { index, size, path: [...path, root] }, digest)).toBeUndefined()
      if (size > 1) expect(rootOver(leaf, { index: (index + 1) % size, size, path }, digest)).not.toBe(root)
    }),
  )
})

it('computes the root of RFC 6962 test data', () => {
  // The tree of one empty leaf, from the test vectors of Certificate Transparency implementations.
  expect(merkleRoot([''], 'sha256')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
})

it('makes a receipt that verifies with the public keys alone', async () => {
  const services = auditedStore()
  await services.record(5)
  expect((await services.yideng('audit', 'receipt', '3')).code).toBe(3)
  await services.checkpoint()
  const receipt = await services.json<Receipt>('audit', 'receipt', '3')
  expect(receipt.path).toHaveLength(3)

  const check = (document: unknown, keys = services.publicKeys()) => {
    const file = join(services.directory, 'receipt.json')
    writeFileSync(file, JSON.stringify(document))
    return services.yideng('audit', 'check-receipt', file, '--keys', keys, '--json')
  }
  const right = await check(receipt)
  expect(right.code).toBe(0)
  expect(JSON.parse(right.out)).toMatchObject({
    holds: true,
    entry: { number: 3, event: 'login.succeeded', person_id: 'p1' },
  })

  const other = auditedStore(undefined, { empty: true })
  await other.record(1)
  await other.checkpoint()
  const forgeries = [
    { ...receipt, entry: { ...receipt.entry, person_id: 'p2' } },
    { ...receipt, entry: { ...receipt.entry, sequence: 4 } },
    { ...receipt, path: receipt.path.slice(1) },
    { ...receipt, checkpoint: (await other.json<Receipt>('audit', 'receipt', '1')).checkpoint },
    { nothing: 'like it' },
  ]
  for (const forged of forgeries) expect((await check(forged)).code, JSON.stringify(forged)).toBe(1)
  expect((await check(receipt, other.publicKeys())).code).toBe(1)
  writeFileSync(
    join(services.directory, 'no-keys.json'),
    readFileSync(services.publicKeys(), 'utf8').replaceAll('"kty"', '"x"'),
  )
  expect((await check(receipt, join(services.directory, 'no-keys.json'))).code).toBe(2)
})
