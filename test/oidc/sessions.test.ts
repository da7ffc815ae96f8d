import { expect, it } from 'vitest'
import type { FieldCipher } from '../../src/keys/field-cipher.ts'
import { createSessions } from '../../src/oidc/sessions.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

const idle = 1800
const lifetime = 12 * 3600
const minute = 60_000

it('keeps a session alive that is used elsewhere, up to its end and no longer', async () => {
  const { clock, forward } = handClock()
  const artifacts = openSqliteArtifacts(`${temporaryDirectory()}/artifacts.sqlite`, clock)
  const unused = { send: async () => undefined, tryDue: async () => 0, stop: async () => undefined }
  const cipher: FieldCipher = { seal: (text) => text, open: (text) => text }
  const sessions = createSessions({ artifacts, deliveries: unused, cipher, lifetime, idle, clock })
  const loginTs = clock() / 1000
  const payload = { uid: 'one', accountId: 'person', loginTs, exp: loginTs + idle, amr: ['swk', 'user'] }
  await artifacts.put('Session', 'key', JSON.stringify(payload), { ttl: idle, alias: 'one', group: 'person' })

  for (let at = 0; at < 12 * 3; at += 1) {
    expect(await sessions.find('one'), `after ${at * 20} minutes`).toMatchObject({ personId: 'person' })
    await sessions.keepAlive('one')
    forward(20 * minute)
  }
  expect(await sessions.find('one')).toBeUndefined()
  await sessions.keepAlive('one')
  expect(await sessions.find('one')).toBeUndefined()
  await artifacts.close()
})
