import { beforeAll, beforeEach, describe, expect, it, vi, onTestFinished } from 'vitest'
import { createCircuitBreaker } from '../../../../src/keys/guomi/svs/circuit-breaker.ts'
import { createSignatureServer, type SvsOutcome } from '../../../../src/keys/guomi/svs/signature-server.ts'
import { sm2Signer, verifySm2 } from '../../../../src/keys/guomi/sm2.ts'
import { isUnavailable } from '../../../../src/storage/unavailable.ts'
import { fakeSignatureServer, type SvsFaultKind } from '../../../setup/signature-server.ts'

type Fake = Awaited<ReturnType<typeof fakeSignatureServer>>
const data = Buffer.from('a token')
let fake: Fake
beforeAll(async () => {
  fake = await fakeSignatureServer()
})
beforeEach(() => {
  fake.state.fault = 'none'
  fake.write()
})

/** A server over the fake, with the outcomes of its calls. */
function opened(file = fake.file) {
  const outcomes: SvsOutcome[] = []
  const server = createSignatureServer(file, (outcome) => outcomes.push(outcome))
  const [key] = server.keys()
  if (!key) throw new Error('no key')
  return { server, key, outcomes }
}

describe.each(['form', 'json'] as const)('a device that speaks %s', (form) => {
  it('signs with the key of the file, over connections that stay', async () => {
    const device = await fakeSignatureServer(form)
    const { server, key, outcomes } = opened(device.file)
    expect(key.kid).toMatch(/^sgd-sm3-sm2-[0-9a-f]{12}$/)
    for (let count = 0; count < 5; count += 1)
      expect(await verifySm2(key.publicKey, data, await key.sign(data))).toBe(true)
    expect(outcomes).toEqual(Array<SvsOutcome>(5).fill('success'))
    expect(device.state.connections).toBe(1)
    await Promise.all(Array.from({ length: 30 }, () => key.sign(data)))
    expect(device.state.connections, 'the pool has a limit').toBeLessThanOrEqual(16)
    expect(server.isDown()).toBe(false)
  })
})

describe('faults of the device', () => {
  const faults: [SvsFaultKind, SvsOutcome][] = [
    ['gone', 'silent'],
    ['status 500', 'silent'],
    ['too long', 'silent'],
    ['refuses', 'refused'],
    ['wrong key', 'wrong-key'],
    ['long integers', 'malformed'],
    ['trailing bytes', 'malformed'],
    ['truncated', 'malformed'],
    ['no form', 'malformed'],
  ]
  it.each(faults)('%s: no signature, and the reason is %s', async (fault, outcome) => {
    const { server, key, outcomes } = opened()
    fake.state.fault = fault
    for (let count = 0; count < 3; count += 1)
      expect(isUnavailable(await key.sign(data).catch((error: unknown) => error))).toBe(true)
    expect(outcomes).toEqual([outcome, outcome, outcome])
    expect(server.isDown()).toBe(true)
    const { calls } = fake.state
    fake.state.fault = 'none'
    await expect(key.sign(data), 'it is left alone').rejects.toThrow('the signature server')
    expect(fake.state.calls).toBe(calls)
    expect(outcomes.at(-1)).toBe('left-alone')
  })

  it('after a failure it is ready when a probe succeeds, and many requests share the probe', async () => {
    const { server, key } = opened()
    const { calls } = fake.state
    await server.assertReady()
    expect(fake.state.calls, 'without a failure it asks nothing').toBe(calls)
    fake.state.fault = 'refuses'
    await expect(key.sign(data)).rejects.toThrow('the signature server')
    await expect(server.assertReady()).rejects.toThrow('the signature server')
    fake.state.fault = 'none'
    const before = fake.state.calls
    await Promise.all(Array.from({ length: 5 }, () => server.assertReady()))
    expect(fake.state.calls).toBe(before + 1)
    await server.assertReady()
    expect(fake.state.calls).toBe(before + 1)
  })

  it('slow: a call ends after two seconds', async () => {
    const { key, outcomes } = opened()
    fake.state.fault = 'slow'
    const began = performance.now()
    await expect(key.sign(data)).rejects.toThrow('the signature server')
    expect(performance.now() - began).toBeGreaterThan(1900)
    expect(performance.now() - began).toBeLessThan(4000)
    expect(outcomes).toEqual(['silent'])
  })

  it('the next device of the list signs where one fails', async () => {
    const other = await fakeSignatureServer()
    other.state.fault = 'gone'
    fake.write({ addresses: [other.address, fake.address] })
    const { server, key, outcomes } = opened()
    for (let count = 0; count < 5; count += 1) expect(await key.sign(data)).toHaveLength(64)
    expect(outcomes.filter((one) => one === 'success')).toHaveLength(5)
    expect(other.state.calls, 'then the first one is left alone').toBe(3)
    expect(server.isDown()).toBe(false)
  })

  it('after a rest it gets one more try, and one success ends the rest', () => {
    let now = 0
    const breaker = createCircuitBreaker(() => now)
    for (let count = 0; count < 3; count += 1) {
      expect(breaker.isOpen()).toBe(false)
      breaker.failed()
    }
    expect(breaker.isOpen()).toBe(true)
    now = 4999
    expect(breaker.isOpen()).toBe(true)
    now = 5000
    expect(breaker.isOpen()).toBe(false)
    breaker.failed()
    expect(breaker.isOpen(), 'the next failure is enough').toBe(true)
    now = 10_001
    breaker.succeeded()
    breaker.failed()
    expect(breaker.isOpen()).toBe(false)
  })
})

describe('certificates', () => {
  const certificate = Buffer.from('a certificate of the device')
  const expired = 0x0400_0009
  const revoked = 0x0400_000b

  it.each([
    [0, 'good'],
    [1, 'revoked'],
    [2, 'unknown'],
    [expired, 'expired'],
    [revoked, 'revoked'],
  ] as const)('state %i is %s', async (answer, state) => {
    fake.state.certificates.set(certificate.toString('base64'), answer)
    expect(await opened().server.certState(certificate)).toBe(state)
  })

  it('a signature holds only with a good certificate', async () => {
    const { server } = opened()
    fake.state.certificates.set(certificate.toString('base64'), 0)
    const signature = await sm2Signer(fake.firstKey).sign(data)
    expect(await server.verify(certificate, data, signature)).toBe(true)
    expect(await server.verify(certificate, Buffer.from('another'), signature)).toBe(false)
    for (const bad of [expired, revoked]) {
      fake.state.certificates.set(certificate.toString('base64'), bad)
      expect(await server.verify(certificate, data, signature)).toBe(false)
    }
    fake.state.certificates.set(certificate.toString('base64'), 0x0400_0001)
    await expect(server.verify(certificate, data, signature)).rejects.toThrow('the signature server')
    await expect(server.certState(certificate)).rejects.toThrow('the signature server')
  })
})

describe('the file of YIDENG_SVS', () => {
  it('a second key is published with its first use, and read while the server runs', () => {
    const { server, key } = opened()
    const keys = [
      { index: 1, publicKeyFile: 'key-1.pem', useFrom: '2026-01-01T00:00:00Z' },
      { index: 2, publicKeyFile: 'key-2.pem', useFrom: '2027-01-01T00:00:00Z' },
    ]
    fake.write({ keys })
    const [first, second] = server.keys()
    expect(first?.kid).toBe(key.kid)
    expect(second?.useFrom).toBe(Date.UTC(2027, 0, 1))
  })

  it.each([
    ['no address', { addresses: [] }],
    ['an address of another scheme', { addresses: ['ftp://10.0.0.1'] }],
    ['no key', { keys: [] }],
    ['a field that it does not know', { other: 1 }],
    ['no PIN', { pinFile: 'missing' }],
    ['a key that is none', { keys: [{ index: 1, publicKeyFile: 'pin', useFrom: '2026-01-01T00:00:00Z' }] }],
  ])('%s: refused with a sentence, without content', (_name, change) => {
    fake.write(change)
    const error = vi.fn(() => createSignatureServer(fake.file))
    expect(error).toThrow(/^The setting YIDENG_SVS names a file that cannot be used: /)
    expect(error).not.toThrow('12345678')
    onTestFinished(() => fake.write())
  })
})
