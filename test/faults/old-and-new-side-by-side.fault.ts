import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { migrationsRun } from '../../src/storage/database.ts'
import { balance } from '../setup/balancer.ts'
import { freePort } from '../setup/free-port.ts'
import { migrationNames } from '../setup/migrations.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { checkOut, commitBefore } from './old-version.ts'
import { ailments, enter, entered, enterAgain, gather, manyFromHere, signInMany, yideng } from './people.ts'

const newest = migrationNames.at(-1) ?? ''
/** No older version may write beside this migration (docs/deploy.md): it names itself as the oldest writer. */
const fence = '0032-audit-chains'
const fenced = newest === fence
if (fenced) console.log(`skipped: no older version may write beside ${fence}`)

/** An early migration: the embedded store then runs all later ones at once. */
const early = '0004-recovery'
const portOf = ({ environment }: RunningServer) => Number(environment['PORT'])
const missingOf = (migration: string) => {
  const missing = commitBefore(migration) === undefined
  if (missing) console.log(`skipped: the history has no commit before ${migration}`)
  return missing
}

describe.skipIf(fenced || cannotRun('PostgreSQL') || cannotRun('Redis') || missingOf(newest))(
  `the version before ${newest} and this one on the same PostgreSQL and Redis`,
  () => {
    it('take over from each other during sign-ins, forwards and back', async () => {
      const before = checkOut(commitBefore(newest) ?? '')
      const port = await freePort()
      const shared = { ...manyFromHere, YIDENG_ISSUER: `http://localhost:${port}`, ...(await scaleOut()) }
      const old = await startServer(shared, before)
      const targets = [portOf(old)]
      await balance(port, targets)
      // services of the old version: those of this one would migrate
      const crowd = await gather({ ...old, issuer: shared.YIDENG_ISSUER })
      const ofOld = await enter(crowd, crowd.usernames[0] ?? '')
      expect(await migrationsRun(crowd.services.database)).not.toContain(newest)

      const keys = join(temporaryDirectory(), 'keys')
      mkdirSync(keys, { mode: 0o700 })
      copyFileSync(join(old.environment['YIDENG_KEYS_DIR'] ?? '', 'data.json'), join(keys, 'data.json'))
      const [young, meanwhile] = await Promise.all([
        startServer({ ...shared, YIDENG_KEYS_DIR: keys }),
        signInMany(crowd, 60),
      ])
      expect(await migrationsRun(crowd.services.database)).toContain(newest)
      // a version that binds logins to a browser refuses logins that began before (docs/deploy.md)
      const bindsLogins = existsSync(new URL('src/oidc/login-browser.ts', before))
      targets.splice(0, targets.length, ...(bindsLogins ? [portOf(old)] : []), portOf(young))
      const beside = await signInMany(crowd, 60)
      // gets the signal to stop while the balancer still sends requests to it
      const [exitCode, leaving] = await Promise.all([old.kill('SIGINT'), signInMany(crowd, 60)])
      const alone = await signInMany(crowd, 20)
      const all = [meanwhile, beside, leaving, alone]
      console.log('tried twice:', ...all.map(({ retried }) => retried))
      expect(all.flatMap(({ failures }) => failures)).toEqual([])
      expect(exitCode).toBe(0)
      const signedIn = all.flatMap((some) => some.signedIn)
      expect(await entered(crowd)).toBeGreaterThanOrEqual(signedIn.length)
      expect(await enterAgain(crowd, ofOld)).toBe(true)
      expect((await Promise.all(signedIn.map((visitor) => enterAgain(crowd, visitor)))).every(Boolean)).toBe(true)
      expect(await ailments(young)).toEqual([])

      // back: the old version starts on the newer schema and the new rows
      const ofYoung = await enter(crowd, crowd.usernames[1] ?? '')
      const person = await openPerson(await young.services())
      await old.restart()
      expect(await young.kill('SIGINT')).toBe(0)
      targets.splice(0, targets.length, portOf(old))
      expect(await enterAgain(crowd, ofYoung)).toBe(true)
      await enter(crowd, person.username)
      const create = ['client', 'create', '--name', '旧版门户', '--redirect-uri', 'https://p.example/', '--json']
      const added = JSON.parse((await yideng(old, create, before)).stdout) as { client_id: string }
      // and forwards again
      await young.restart()
      targets.splice(0, targets.length, portOf(young))
      expect(await enterAgain(crowd, ofOld)).toBe(true)
      expect((await signInMany(crowd, 20)).failures).toEqual([])
      expect((await yideng(young, ['client', 'list', '--json'])).stdout).toContain(added.client_id)
      expect(await ailments(young)).toEqual([])
    })
  },
)

describe.each([newest, early])('the version before %s, embedded', (migration) => {
  it.skipIf(missingOf(migration))('stops, is backed up, and this one continues', async () => {
    const before = checkOut(commitBefore(migration) ?? '')
    const port = await freePort()
    const settings = { ...manyFromHere, PORT: String(port) }
    const old = await startServer(settings, before)
    const crowd = await gather(old)
    const visitor = await enter(crowd, crowd.usernames[0] ?? '')
    expect((await signInMany(crowd, 30)).failures).toEqual([])
    expect(await old.kill('SIGINT')).toBe(0)
    const backup = join(temporaryDirectory(), 'before.sqlite')
    await yideng(old, ['backup', backup])

    const young = await startServer({ ...settings, ...old.environment })
    expect(await enterAgain(crowd, visitor)).toBe(true)
    expect((await signInMany(crowd, 30)).failures).toEqual([])
    const { services } = crowd
    expect(await migrationsRun(services.database)).toEqual(migrationNames)
    expect(await ailments(young)).toEqual([])
    // a store of this version restores the backup of the older schema
    const restored = { environment: { ...young.environment, YIDENG_DATA_DIR: join(temporaryDirectory(), 'data') } }
    await yideng(restored, ['restore', backup])
    const people = async (of: Pick<RunningServer, 'environment'>) =>
      (await yideng(of, ['person', 'list', '--json'])).stdout
    expect(await people(restored)).toEqual(await people(young))
    expect(await ailments(restored)).toEqual([])
  })
})
