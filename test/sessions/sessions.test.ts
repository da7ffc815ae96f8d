import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openServices } from '../../src/services.ts'
import { readSettings } from '../../src/config/settings.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { openPerson } from '../setup/person.ts'
import { sessionsOf } from '../setup/sessions.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

const idle = 1800
const directories = (directory: string) => ({
  YIDENG_DATA_DIR: join(directory, 'data'),
  YIDENG_KEYS_DIR: join(directory, 'keys'),
})
const minute = 60_000

it('extends a session that another program uses, but not past its lifetime', async () => {
  const { clock, forward } = handClock()
  const directory = temporaryDirectory()
  const artifacts = openSqliteArtifacts(join(directory, 'artifacts.sqlite'), clock)
  const services = await openServices(readSettings(directories(directory)), clock)
  const { id: person } = await openPerson(services)
  const { sessions } = sessionsOf(services, artifacts)
  const loginTs = clock() / 1000
  const payload = { uid: 'one', accountId: person, loginTs, exp: loginTs + idle, amr: ['swk', 'user'] }
  await artifacts.put('Session', 'key', JSON.stringify(payload), { ttl: idle, alias: 'one', group: person })

  for (let at = 0; at < 12 * 3; at += 1) {
    expect(await sessions.find('one'), `after ${at * 20} minutes`).toMatchObject({ personId: person })
    await sessions.keepAlive('one')
    forward(20 * minute)
  }
  expect(await sessions.find('one')).toBeUndefined()
  await sessions.keepAlive('one')
  expect(await sessions.find('one')).toBeUndefined()
  await artifacts.close()
  await services.close()
})
