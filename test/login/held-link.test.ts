import { expect, it } from 'vitest'
import { isUpstreamPhone } from '../../src/assurance/levels.ts'
import { restsOnHeldLink } from '../../src/login/held-link.ts'
import { openPerson } from '../setup/person.ts'
import { openTestServices } from '../setup/test-services.ts'

const ways: [amr: string[], rests: boolean][] = [
  [['fed'], true],
  [['fed', 'face'], true],
  [['fed', 'otp', 'sms'], true],
  [['fed', 'wechat'], true],
  [['fed', 'pwd'], false],
  [['fed', 'hwk', 'user'], false],
  [['pwd'], false],
  [['face'], false],
  [[], false],
]

it('a sign-in by upstreams alone rests on a held link for a day; an own password or passkey beside it does not', async () => {
  const { services, forward } = await openTestServices()
  const { id: personId } = await openPerson(services)
  const rests = () => Promise.all(ways.map(([amr]) => restsOnHeldLink(services, { personId, amr })))
  const add = (subject: string, way: 'sign-in' | 'number') =>
    services.upstreamLinks.add(services.database, { upstream: 'foshan', subject, personId, level: 3, way })
  await add('own', 'sign-in')
  expect(await rests()).toEqual(ways.map(() => false))
  await add('by number', 'number')
  expect(await rests()).toEqual(ways.map(([, rest]) => rest))
  forward(86_400_000 - 1)
  expect(await rests()).toContain(true)
  forward(1)
  expect(await rests()).toEqual(ways.map(() => false))
})

it('a phone that an upstream signed in vouches for no more than the upstream', () => {
  expect(isUpstreamPhone(['qr', 'upstream', 'upstream:foshan'])).toBe(true)
  expect(isUpstreamPhone(['qr', 'upstream', 'upstream:foshan', 'sms'])).toBe(true)
  expect(isUpstreamPhone(['qr', 'upstream', 'password'])).toBe(false)
  expect(isUpstreamPhone(['qr', 'passkey'])).toBe(false)
  expect(isUpstreamPhone(['qr', 'sms'])).toBe(false)
  expect(isUpstreamPhone([])).toBe(false)
})
