import { Provider, type Adapter, type AdapterFactory, type AdapterPayload } from 'oidc-provider'
import type { StoredBudget } from '../../guards/stored-budget.ts'
import type { PutOptions } from '../../storage/artifacts.ts'
import { replaceArtifact } from '../../storage/compare-and-set.ts'
import { consumeArtifact, mayRepeat, type ConsumeDeps } from './consume-artifact.ts'
import { answerRunning, decideOnce, resumeOnce } from './one-time-use.ts'
import { requestCache, type CachedArtifact } from './request-cache.ts'
import { removeOfGrant } from './revocation.ts'
import { destroySession, isOnlyTouched, moveSession, type SessionArtifactDeps } from './session-artifacts.ts'
import { heldId, storedIdOf, withId, withoutSecrets } from './stored-ids.ts'

export interface AdapterDeps extends ConsumeDeps, SessionArtifactDeps {
  /** The registration of a client, as oidc-provider expects it. */
  findClient(id: string): Promise<AdapterPayload | undefined>
  storedBudget: StoredBudget
}

/** oidc-provider's Adapter interface on our artifact store. Each artifact is read once per request. */
export function createAdapterFactory(deps: AdapterDeps): AdapterFactory {
  return (kind) => (kind === 'Client' ? clientAdapter(deps) : artifactAdapter(deps, kind))
}

async function notForClients(): Promise<never> {
  throw new Error('clients are changed by administrators only')
}

const clientAdapter = ({ findClient }: AdapterDeps): Adapter => ({
  find: findClient,
  upsert: notForClients,
  findByUid: notForClients,
  findByUserCode: notForClients,
  consume: notForClients,
  destroy: notForClients,
  revokeByGrantId: notForClients,
})

function artifactAdapter(deps: AdapterDeps, kind: string): Adapter {
  const { artifacts } = deps
  return {
    upsert: (id, payload, ttl) => upsert(deps, kind, id, payload, ttl),
    find: (id) => payloadOf(deps, kind, id, readOnce(deps, kind, id)),
    findByUid: (uid) => findByUid(deps, kind, uid),
    findByUserCode: (userCode) => findByUserCode(deps, kind, userCode),
    consume: (id) => consumeArtifact(deps, { kind, id }, readOnce(deps, kind, id)),
    async destroy(id) {
      const cache = requestCache()
      const read = cache.get(`${kind}:${id}`)
      cache.set(`${kind}:${id}`, { stored: Promise.resolve(undefined) })
      if (kind === 'Session') await destroySession(deps, id, read)
      else if (kind === 'Interaction') await resumeOnce(artifacts, storedIdOf(id), await read?.stored)
      else await artifacts.remove(kind, storedIdOf(id))
    },
    revokeByGrantId: (grantId) => removeOfGrant(artifacts, kind, grantId),
  }
}

function readOnce({ artifacts }: AdapterDeps, kind: string, id: string): CachedArtifact {
  const cache = requestCache()
  const key = `${kind}:${id}`
  let cached = cache.get(key)
  if (!cached) {
    const storedId = storedIdOf(id)
    cached = { storedId, stored: artifacts.get(kind, storedId) }
    cache.set(key, cached)
  }
  return cached
}

async function payloadOf(
  deps: AdapterDeps,
  kind: string,
  id: string,
  read: CachedArtifact,
): Promise<AdapterPayload | undefined> {
  const text = await read.stored
  if (text === undefined) return undefined
  read.payload = withId(id, text)
  if (kind === 'Session' && !(await deps.sessions.counts(read.payload))) return undefined
  const { consumed } = read.payload
  const repeated = consumed !== undefined && (await mayRepeat(deps, { kind, id }, consumed))
  return repeated ? { ...read.payload, consumed: undefined } : read.payload
}

function findByUid(deps: AdapterDeps, kind: string, uid: string): Promise<AdapterPayload | undefined> {
  const cache = requestCache()
  const key = `${kind}@${uid}`
  let cached = cache.get(key)
  if (!cached) {
    cached = { stored: deps.artifacts.getByAlias(kind, uid).then((found) => found?.value) }
    cache.set(key, cached)
  }
  // without an id: only the browser's cookie knows it
  return payloadOf(deps, kind, '', cached)
}

async function findByUserCode(deps: AdapterDeps, kind: string, userCode: string): Promise<AdapterPayload | undefined> {
  const found = await deps.artifacts.getByAlias(kind, userCode)
  const id = heldId(found?.id)
  const cached: CachedArtifact = { ...(found && { storedId: found.id }), stored: Promise.resolve(found?.value) }
  requestCache().set(`${kind}:${id}`, cached)
  return payloadOf(deps, kind, id, cached)
}

async function upsert(
  deps: AdapterDeps,
  kind: string,
  id: string,
  payload: AdapterPayload,
  ttl: number | undefined,
): Promise<void> {
  if (ttl === undefined) throw new Error(`${kind} has no time to live`)
  const cache = requestCache()
  const read = cache.get(`${kind}:${id}`)
  if (kind === 'Session' && (await isOnlyTouched(payload, read))) return
  const text = JSON.stringify(withoutSecrets(payload))
  if ((await read?.stored) === undefined) deps.storedBudget.spend(payload, text.length)
  const alias = payload.uid ?? payload.userCode
  // sessions and grants are grouped by person, all other kinds by grant
  const group = kind === 'Session' || kind === 'Grant' ? payload.accountId : payload.grantId
  const storedId = read?.storedId ?? storedIdOf(id)
  const written = await write(deps, { kind, storedId, value: text, read }, { ttl, alias, group })
  const stored = Promise.resolve(written ? text : undefined)
  cache.set(`${kind}:${id}`, { storedId, stored })
  if (payload.uid) cache.set(`${kind}@${payload.uid}`, { stored })
}

interface Write {
  kind: string
  storedId: string
  value: string
  /** The artifact as this request read it. Undefined for a new one. */
  read: CachedArtifact | undefined
}

/** A session or grant is written only while it exists. Returns false when it was ended since this request read it. */
async function write(deps: AdapterDeps, { kind, storedId, value, read }: Write, put: PutOptions): Promise<boolean> {
  const { artifacts } = deps
  const { ttl } = put
  const moved = kind === 'Session' ? moveSession(deps, storedId, value, put) : undefined
  if (moved) return moved
  const before = await read?.stored
  switch (kind) {
    case 'RefreshToken':
      // the successor of a repeated refresh token already exists, and may have been used
      return artifacts.add(kind, storedId, value, put)
    case 'Interaction':
      // our own pages run outside oidc-provider's routes: there a login is answered, not begun
      if (read || !Provider.ctx) return answerRunning(artifacts, storedId, value, ttl)
      break
    case 'DeviceCode':
      if (read) return decideOnce(artifacts, storedId, { read: before, text: value, ttl })
      break
    case 'Session':
    case 'Grant':
      if (read) {
        return before !== undefined && replaceArtifact(artifacts, { kind, id: storedId, before, value, ttl })
      }
      break
    default:
  }
  await artifacts.put(kind, storedId, value, put)
  return true
}
