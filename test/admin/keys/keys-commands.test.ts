import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'
import { handClock } from '../../setup/temporary.ts'

type Listed = { signing: { kid: string; alg: string; state: string }[] }

const hour = 3_600_000

function keyed() {
  const { clock, forward } = handClock()
  const line = commandLine({ clock })
  const states = async () => {
    const { signing } = await line.json<Listed>('keys', 'list')
    return signing.filter(({ alg }) => alg === 'ES256').map(({ kid, state }) => [kid, state])
  }
  return { ...line, forward, states }
}

it('publishes new keys a day before they sign, and keeps the old ones until their last token expires', async () => {
  const { json, yideng, forward, states, directory } = keyed()
  const [[old] = []] = await states()
  const { added } = await json<{ added: string[] }>('keys', 'rotate')
  const [fresh] = added
  expect(await states()).toEqual([
    [old, 'signs'],
    [fresh, 'waits'],
  ])
  expect(await yideng('keys', 'rotate')).toMatchObject({ code: 1, out: '' })

  forward(24 * hour - 1)
  expect(await states()).toEqual([
    [old, 'signs'],
    [fresh, 'waits'],
  ])
  expect(await json('keys', 'retire')).toEqual({ retired: [] })
  forward(1)
  expect(await states()).toEqual([
    [fresh, 'signs'],
    [old, 'verifies'],
  ])
  expect((await yideng('keys', 'retire', String(fresh))).err).toContain('This key signs')
  expect((await yideng('keys', 'retire', String(old))).code).toBe(1)

  forward(12 * hour)
  const { retired } = await json<{ retired: string[] }>('keys', 'retire')
  expect(retired, 'one for each algorithm').toHaveLength(3)
  expect(retired).toContain(old)
  expect(await states()).toEqual([[fresh, 'signs']])
  const gm = readFileSync(join(directory, 'keys', 'signing-sm2.json'), 'utf8')
  const [retiredSm2] = (JSON.parse(gm) as { retired: { kid: string; jwk: object }[] }).retired
  expect(retired).toContain(retiredSm2?.kid)
  expect(Object.keys(retiredSm2?.jwk ?? {}).sort()).toEqual(['crv', 'kty', 'x', 'y'])
  const file = readFileSync(join(directory, 'keys', 'signing.json'), 'utf8')
  const gone = (JSON.parse(file) as { retired: { kid: string; jwk: object }[] }).retired.find(({ kid }) => kid === old)
  expect(Object.keys(gone?.jwk ?? {}).sort()).toEqual(['crv', 'kty', 'x', 'y'])
  // auditors still get its public key, and no private key
  const { keys } = await json<{ keys: Record<string, string>[] }>('keys', 'export', '--kind', 'signing')
  expect(keys.map(({ kid }) => kid)).toEqual(expect.arrayContaining([old, fresh]))
  for (const key of keys) expect(Object.keys(key)).not.toEqual(expect.arrayContaining(['d']))
  const sm2 = { kty: 'EC', crv: 'SM2-P-256', x: expect.any(String), y: expect.any(String) }
  const gmSet = await json<{ keys: object[] }>('keys', 'export', '--kind', 'sm2')
  expect(gmSet.keys).toEqual([
    { ...sm2, use: 'sig', alg: 'SGD_SM3_SM2', kid: expect.any(String) },
    { ...sm2, ...retiredSm2?.jwk, use: 'sig', alg: 'SGD_SM3_SM2', kid: retiredSm2?.kid },
  ])
  expect(JSON.stringify(keys), 'each library reads the other set').not.toContain('SM2')
  const events = await json<{ event: string; actor: string }[]>('audit', 'list', '--event', 'keys')
  expect(events.map(({ event, actor }) => [event, actor])).toEqual([
    ['keys.retired', 'administrator:test'],
    ['keys.rotated', 'administrator:test'],
  ])
})

it('replaces and retires a stolen key at once', async () => {
  const { json, yideng, states } = keyed()
  const [[old] = []] = await states()
  expect((await yideng('keys', 'retire', String(old), '--now')).err).toContain('keys rotate --now')
  const { added } = await json<{ added: string[] }>('keys', 'rotate', '--now')
  expect(await states()).toEqual([
    [added[0], 'signs'],
    [old, 'verifies'],
  ])
  expect((await yideng('keys', 'retire', '--now')).code).toBe(1)
  expect(await json('keys', 'retire', String(old), '--now')).toEqual({ retired: [old] })
  expect(await yideng('keys', 'retire', String(old))).toMatchObject({ code: 3 })
})
