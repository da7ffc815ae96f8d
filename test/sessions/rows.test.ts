import { join } from 'node:path'
import { Provider, type Adapter, type AdapterPayload, type KoaContextWithOIDC } from 'oidc-provider'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAdapterFactory } from '../../src/oidc/artifacts/adapter.ts'
import type { SignInEndings } from '../../src/accounts/sign-in-endings.ts'
import { createSessionRows, type SessionRows } from '../../src/sessions/rows.ts'
import { openRedisArtifacts } from '../../src/storage/artifacts-redis.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import type { Artifacts } from '../../src/storage/artifacts.ts'
import { cannotRun } from '../setup/parts.ts'
import { startRedis } from '../setup/redis.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const clock = () => Date.now()
const noEndings: SignInEndings = { epoch: 0, before: null, stay: new Map(), ended: new Map() }
const session = (jti: string): AdapterPayload => ({ kind: 'Session', jti, uid: 'uid', accountId: 'person', loginTs: 1 })
const grant = (jti: string): AdapterPayload => ({ kind: 'Grant', jti, accountId: 'person', clientId: 'portal' })

const stores = [
  { name: 'SQLite', skip: false, open: async () => openSqliteArtifacts(join(temporaryDirectory(), 'a.sqlite'), clock) },
  {
    name: 'Redis',
    skip: cannotRun('Redis'),
    open: async () => openRedisArtifacts(`redis://127.0.0.1:${await startRedis()}`, clock, () => undefined),
  },
]

describe.each(stores.filter(({ skip }) => !skip))('sessions and grants on $name', ({ open }) => {
  let artifacts: Artifacts
  let rows: SessionRows
  let endings = noEndings
  let adapters: Record<'Session' | 'Grant', Adapter>

  beforeEach(async () => {
    artifacts = await open()
    endings = noEndings
    rows = createSessionRows({ artifacts, findPerson: async () => ({ endings }) })
    const factory = createAdapterFactory({
      artifacts,
      sessions: rows,
      clock,
      refreshGraceSeconds: 5,
      successorOf: (token) => `after ${token}`,
      storedBudget: { spend: () => undefined },
      findClient: async () => undefined,
    })
    adapters = { Session: factory('Session'), Grant: factory('Grant') }
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await artifacts.close()
  })

  /** One request, with its own cache. */
  function request(jti = '') {
    const ctx = { oidc: { route: 'authorization', session: { jti, uid: 'uid' } } }
    return <T>(act: () => T): T => {
      vi.spyOn(Provider, 'ctx', 'get').mockImplementation(() => ctx as unknown as KoaContextWithOIDC)
      return act()
    }
  }

  it.each(['Session', 'Grant'] as const)(
    'a %s is not written back that was ended while it was in use',
    async (kind) => {
      const adapter = adapters[kind]
      const payload = kind === 'Session' ? session('one') : grant('one')
      await request()(() => adapter.upsert('one', payload, 600))
      const [slow, other] = [request('one'), request('one')]
      expect(await slow(() => adapter.find('one'))).toBeDefined()
      await other(() => adapter.destroy('one'))
      await slow(() => adapter.upsert('one', { ...payload, state: { secret: 'x' } }, 600))
      await slow(() => adapter.upsert('one', { ...payload, state: { secret: 'y' } }, 600))
      expect(await request()(() => adapter.find('one'))).toBeUndefined()
    },
  )

  it('one of several removals at once gets the session, so its portals are told once', async () => {
    await request()(() => adapters.Session.upsert('one', session('one'), 600))
    const removed = await Promise.all([1, 2, 3, 4].map(() => rows.remove('uid')))
    expect(removed.filter((one) => one !== undefined)).toHaveLength(1)
  })

  it('the last of two writes wins while the artifact exists', async () => {
    await request()(() => adapters.Session.upsert('one', session('one'), 600))
    const [slow, quick] = [request('one'), request('one')]
    await slow(() => adapters.Session.find('one'))
    await quick(() => adapters.Session.find('one'))
    await quick(() => adapters.Session.upsert('one', { ...session('one'), acr: 'quick' }, 600))
    await slow(() => adapters.Session.upsert('one', { ...session('one'), acr: 'slow' }, 600))
    expect(await request()(() => adapters.Session.find('one'))).toMatchObject({ acr: 'slow' })
  })

  it('a session that gets another id ends too, at any moment of the move', async () => {
    const ends = {
      'before it is given one': 0,
      'after the old id was given up': 1,
      'after the new one was written': 2,
    }
    for (const [when, at] of Object.entries(ends)) {
      await request()(() => adapters.Session.upsert('old', session('old'), 600))
      const signsIn = request('new')
      await signsIn(() => adapters.Session.find('old'))
      if (at === 0) await rows.remove('uid')
      await signsIn(() => adapters.Session.destroy('old'))
      if (at === 1) await rows.remove('uid')
      await signsIn(() => adapters.Session.upsert('new', session('new'), 600))
      if (at === 2) await rows.remove('uid')
      expect(await request()(() => adapters.Session.find('new')), when).toBeUndefined()
      expect(await request()(() => adapters.Session.find('old')), when).toBeUndefined()
      expect(await rows.ofPerson('person'), when).toEqual([])
    }
  })

  it('also when it ends during the move, many times', async () => {
    for (let round = 0; round < 100; round += 1) {
      const [old, id] = [`old ${round}`, `new ${round}`]
      await artifacts.put('Session', old, JSON.stringify(session(old)), { ttl: 600, alias: 'uid', group: 'person' })
      const value = JSON.stringify(session(id))
      await Promise.all([rows.move(old, id, value, { ttl: 600, alias: 'uid', group: 'person' }), rows.remove('uid')])
      expect(await rows.ofPerson('person')).toEqual([])
    }
  })

  it('a session that did not end continues under its new id', async () => {
    await request()(() => adapters.Session.upsert('old', session('old'), 600))
    const signsIn = request('new')
    await signsIn(() => adapters.Session.find('old'))
    await signsIn(() => adapters.Session.destroy('old'))
    await signsIn(() => adapters.Session.upsert('new', session('new'), 600))
    expect(await request()(() => adapters.Session.find('new'))).toMatchObject({ uid: 'uid' })
    expect(await request()(() => adapters.Session.find('old'))).toBeUndefined()
    expect((await rows.ofPerson('person')).map(({ session: { uid } }) => uid)).toEqual(['uid'])
  })

  it('every reader ignores a session that the durable store has ended', async () => {
    await request()(() => adapters.Session.upsert('one', session('one'), 600))
    expect((await rows.readByUid('uid'))?.session.personId).toBe('person')
    for (const ended of [
      { ...noEndings, before: 2000 },
      { ...noEndings, ended: new Map([['uid', Number.POSITIVE_INFINITY]]) },
    ]) {
      endings = ended
      expect(await request()(() => adapters.Session.find('one'))).toBeUndefined()
      expect(await request()(() => adapters.Session.findByUid('uid'))).toBeUndefined()
      expect(await rows.readByUid('uid')).toBeUndefined()
    }
    endings = { ...noEndings, before: 2000, stay: new Map([['uid', Number.POSITIVE_INFINITY]]) }
    expect(await request()(() => adapters.Session.find('one'))).toBeDefined()
  })
})
