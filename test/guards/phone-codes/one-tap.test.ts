import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { CarrierToken } from '../../../src/channels/one-tap.ts'
import { networksOf } from '../../../src/config/address-networks.ts'
import { createOneTapProofs } from '../../../src/guards/phone-codes/one-tap-proofs.ts'
import { beginRequest, type RequestContext } from '../../../src/pages/request-context.ts'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../../setup/temporary.ts'

const phone = '+8613800138000'

/** Proofs over a real store, and a vendor that knows the number in each token and forgets none. */
function world({ enabled = true, perHour = 100 } = {}) {
  const { clock, forward } = handClock()
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  onTestFinished(() => artifacts.close())
  const asked: CarrierToken[] = []
  const oneTap = {
    async numberOf(token: CarrierToken) {
      asked.push(token)
      return token.token.startsWith('+') ? { phone: token.token.split('/')[0] ?? '' } : ('refused' as const)
    },
  }
  const proofs = createOneTapProofs({
    oneTap: enabled ? oneTap : undefined,
    artifacts,
    blindIndex: (of, value) => `${of} ${value}`,
    perHour,
    clock,
  })
  const proves = (form: Record<string, string>, { address = '192.0.2.1', of = phone } = {}) => {
    const req = {}
    beginRequest(req as never, { form, networks: networksOf(address) } as unknown as RequestContext)
    return proofs.proves({ req } as never, of)
  }
  return { proofs, proves, asked, forward }
}

it('proves the very number of the token, of the kind that the form says', async () => {
  const { proves, asked } = world()
  expect(await proves({ carrier_token: `${phone}/1`, carrier_kind: 'h5' })).toBe(true)
  expect(await proves({ carrier_token: `${phone}/2` })).toBe(true)
  expect(asked.map(({ kind }) => kind)).toEqual(['h5', 'app'])
  expect(await proves({ carrier_token: '+8613900139000/1', carrier_kind: 'app' })).toBe(false)
  expect(await proves({ carrier_token: 'unknown', carrier_kind: 'app' })).toBe(false)
})

it('asks for each token once, over all browsers and networks, also at the same time', async () => {
  const { proves, asked, forward } = world()
  const form = { carrier_token: `${phone}/1`, carrier_kind: 'app' }
  const at = (address: string) => proves(form, { address })
  const answers = await Promise.all(['192.0.2.1', '198.51.100.7', '203.0.113.9'].map(at))
  expect(answers.filter(Boolean)).toHaveLength(1)
  forward(299_000)
  expect(await at('192.0.2.1')).toBe(false)
  // as of another kind it is the same token
  expect(await proves({ ...form, carrier_kind: 'h5' })).toBe(false)
  expect(asked).toHaveLength(1)
})

it.each([
  ['no token', {}],
  ['an empty one', { carrier_token: '' }],
  ['another kind', { carrier_token: `${phone}/1`, carrier_kind: 'fax' }],
  ['a long one', { carrier_token: 'x'.repeat(4097) }],
  ['other characters', { carrier_token: `${phone}\n` }],
])('asks nothing for a form with %s', async (_what, form) => {
  const { proves, asked } = world()
  expect(await proves(form)).toBe(false)
  expect(asked).toEqual([])
})

it('a network that sends many made-up tokens costs no further calls', async () => {
  const { proves, asked } = world({ perHour: 3 })
  for (let index = 0; index < 10; index += 1) await proves({ carrier_token: `guess-${index}` })
  expect(asked).toHaveLength(3)
  expect(await proves({ carrier_token: `${phone}/1` }, { address: '198.51.100.7' })).toBe(true)
})

it('is not there without a vendor', async () => {
  const { proofs, proves } = world({ enabled: false })
  expect(proofs.enabled).toBe(false)
  expect(await proves({ carrier_token: `${phone}/1` })).toBe(false)
})
