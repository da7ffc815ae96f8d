import { errors } from 'oidc-provider'
import { expect, it } from 'vitest'
import { leaveOutTraces } from '../../../src/oidc/engine/untraced-errors.ts'

it('leaves the trace out of what oidc-provider refuses, and of nothing else', () => {
  leaveOutTraces()
  const refused = new errors.InvalidToken('access token not found')
  expect(refused).toMatchObject({ error: 'invalid_token', status: 401, error_detail: 'access token not found' })
  expect(refused.stack).not.toMatch(/\n\s+at /)
  expect(new Error('broken').stack).toMatch(/\n\s+at /)
  expect(new (class Own extends Error {})('broken').stack).toMatch(/\n\s+at /)
})
