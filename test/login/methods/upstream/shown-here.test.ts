import { expect, it } from 'vitest'
import { needsFresh } from '../../../../src/login/methods/upstream/shown-here.ts'

const session = { personId: 'p', uid: 'u', amr: ['pwd'], level: 2 as const }

it.each([
  [{}, false],
  [{ params: { prompt: 'consent' } }, false],
  [{ params: { prompt: 'consent login' } }, true],
  [{ params: { prompt: 'loginlogin' } }, false],
  [{ params: { max_age: 0 } }, true],
  [{ params: { max_age: '3600' } }, true],
  [{ params: {}, session }, true],
  [{ params: { prompt: 'login' }, session, question: 'offer' as const }, false],
])('a login %j needs a person who signs in now: %s', (login, needs) => {
  expect(needsFresh(login)).toBe(needs)
})
