import { rmSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { checkpointFileOf } from '../../src/audit/checkpoint-file.ts'
import type { Receipt } from '../../src/audit/receipts.ts'
import { fakeSignatureServer } from '../setup/signature-server.ts'
import { auditedStore } from './setup.ts'

type Store = ReturnType<typeof auditedStore>

const guomi = { YIDENG_SUITE: 'guomi' }

/** The algorithms of all checkpoints in the store, in their order. */
function algorithms({ dataDir }: Store): string[] {
  const sqlite = new DatabaseSync(join(dataDir, 'yideng.sqlite'), { readOnly: true })
  const rows = sqlite.prepare('select signed from audit_roots order by number').all()
  sqlite.close()
  return rows.map(({ signed }) => {
    const header = Buffer.from(String(signed).split('.')[0] ?? '', 'base64url').toString()
    return (JSON.parse(header) as { alg: string }).alg
  })
}

const signed = async (store: Store) => {
  await store.record(2)
  return store.checkpoint()
}

it.each([
  ['the Chinese suite and a key of SM2', { ...guomi, YIDENG_SM2_KEYS: 'software' }, 'SGD_SM3_SM2'],
  ['the Chinese suite without a key of SM2', { ...guomi, YIDENG_SM2_KEYS: 'none' }, 'ES256'],
  ['the other suite', { YIDENG_SUITE: 'international', YIDENG_SM2_KEYS: 'software' }, 'ES256'],
])('with %s', async (_what, environment, algorithm) => {
  const store = auditedStore(undefined, { environment })
  await signed(store)
  await signed(store)
  expect(algorithms(store)).toEqual([algorithm, algorithm])
  expect(await store.json('audit', 'verify')).toEqual({ whole: true, entries: 4, checkpoints: 2, unsigned: 0 })
})

it('checkpoints of both algorithms follow each other, and exported keys are enough', async () => {
  const store = auditedStore(undefined, { environment: { YIDENG_SUITE: 'international', YIDENG_SM2_KEYS: 'software' } })
  for (const suite of ['international', 'guomi', 'international']) {
    store.environment['YIDENG_SUITE'] = suite
    await signed(store)
  }
  expect(algorithms(store)).toEqual(['ES256', 'SGD_SM3_SM2', 'ES256'])
  const keys = join(store.directory, 'exported.json')
  writeFileSync(keys, (await store.yideng('keys', 'export')).out)
  const copy = store.copyOf()
  const verify = (...more: string[]) => store.yideng('audit', 'verify', '--store', copy, '--keys', ...more)
  expect((await verify(keys)).code).toBe(0)
  const receipt = await store.json<Receipt>('audit', 'receipt', '3')
  const file = join(store.directory, 'receipt.json')
  const check = async (given: object) => {
    writeFileSync(file, JSON.stringify(given))
    return (await store.yideng('audit', 'check-receipt', file, '--keys', keys)).code
  }
  expect(await check(receipt)).toBe(0)
  const [head = '', body = '', signature = ''] = receipt.checkpoint.split('.')
  const other = Buffer.from(signature, 'base64url').map((byte, index) => (index === 3 ? byte ^ 1 : byte))
  const longer = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), iat: 1 }))
  for (const checkpoint of [
    `${head}.${body}.${Buffer.from(other).toString('base64url')}`,
    `${head}.${longer.toString('base64url')}.${signature}`,
    `${head}.${body}.${signature}=`,
    `${head}.${body}.`,
  ])
    expect(await check({ ...receipt, checkpoint }), checkpoint).toBe(1)

  const { keys: all } = JSON.parse(readFileSync(keys, 'utf8')) as { keys: { alg: string }[] }
  const without = join(store.directory, 'without.json')
  writeFileSync(without, JSON.stringify({ keys: all.filter(({ alg }) => alg !== 'SGD_SM3_SM2') }))
  expect((await verify(without)).code).toBe(1)
})

it('a signature server signs; while it does not answer, nothing is signed by another algorithm', async () => {
  const device = await fakeSignatureServer()
  const environment = { ...guomi, YIDENG_SM2_KEYS: 'svs', YIDENG_SVS: device.file }
  const store = auditedStore(undefined, { environment })
  await signed(store)
  const beside = checkpointFileOf(store.dataDir)
  const kept = readFileSync(beside, 'utf8')
  device.state.fault = 'status 500'
  await expect(signed(store)).rejects.toThrow()
  expect(readFileSync(beside, 'utf8')).toBe(kept)
  device.state.fault = 'none'
  await signed(store)
  expect(algorithms(store)).toEqual(['SGD_SM3_SM2', 'SGD_SM3_SM2'])
  device.state.fault = 'gone'
  // verifying needs the public keys only
  expect(await store.json('audit', 'verify')).toEqual({ whole: true, entries: 6, checkpoints: 2, unsigned: 0 })
  rmSync(beside)
  expect(await store.json('audit', 'verify')).toMatchObject({ whole: true })
})
