import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { alibabaOneTap, type OneTap } from '../../src/channels/one-tap.ts'
import { createOutbound } from '../../src/guards/outbound.ts'
import { carrierAccount, startCarrier, type Carrier, type CarrierBehaviour } from '../setup/carrier.ts'

const mobile = '13800138000'
const patienceMs = 300
let carrier: Carrier
let oneTap: OneTap

const openedWith = (account = carrierAccount) =>
  alibabaOneTap(
    createOutbound({ allowed: () => true, patienceMs, readsPosts: true }),
    { ...account, endpoint: carrier.endpoint },
    () => Date.UTC(2026, 10, 24),
  )

beforeAll(async () => {
  carrier = await startCarrier()
  oneTap = openedWith()
})
beforeEach(() => {
  carrier.state.behaves = 'well'
  carrier.state.now = 0
})

describe.each(['app', 'h5'] as const)('a token of the carrier, made in %s', (kind) => {
  it('has the number of the telephone, once', async () => {
    const token = carrier.token(mobile, { kind })
    expect(await oneTap.numberOf(token)).toEqual({ phone: `+86${mobile}` })
    expect(await oneTap.numberOf(token)).toBe('refused')
  })

  it('is refused where it is of another app, of the other kind, or unknown', async () => {
    expect(await oneTap.numberOf(carrier.token(mobile, { kind, app: 'another' }))).toBe('refused')
    const { token } = carrier.token(mobile, { kind })
    expect(await oneTap.numberOf({ kind: kind === 'app' ? 'h5' : 'app', token })).toBe('refused')
    expect(await oneTap.numberOf({ kind, token: 'made-up' })).toBe('refused')
  })

  it('is refused after its time', async () => {
    const token = carrier.token(mobile, { kind })
    const early = carrier.token(mobile, { kind })
    carrier.state.now = (kind === 'app' ? 120_000 : 60_000) - 1
    expect(await oneTap.numberOf(early)).toEqual({ phone: `+86${mobile}` })
    carrier.state.now += 1
    expect(await oneTap.numberOf(token)).toBe('refused')
  })

  it.each(['slow', 'fails', 'babbles', 'refuses the key'] as const satisfies CarrierBehaviour[])(
    'is no number where the vendor is %s',
    async (behaves) => {
      carrier.state.behaves = behaves
      const began = performance.now()
      expect(await oneTap.numberOf(carrier.token(mobile, { kind }))).toBe('unavailable')
      expect(performance.now() - began).toBeLessThan(patienceMs + 2000)
    },
  )
})

it('a wrong key of ours is no fault of the person', async () => {
  const wrong = openedWith({ ...carrierAccount, accessKeySecret: 'other' })
  expect(await wrong.numberOf(carrier.token(mobile))).toBe('unavailable')
})

it.each(['', '138', '+8613800138000', 'x'.repeat(11)])(
  'a number that is no mainland mobile is refused: %s',
  async (odd) => {
    expect(await oneTap.numberOf(carrier.token(odd))).toBe('refused')
  },
)
