import {
  Provider,
  type Adapter,
  type AdapterFactory,
  type AdapterPayload,
  type KoaContextWithOIDC,
} from 'oidc-provider'
import type { Clock } from '../config/clock.ts'
import type { SessionRows } from '../sessions/rows.ts'
import type { Artifacts, PutOptions } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'
import { replaceArtifact } from '../storage/compare-and-set.ts'
import { commandLineId } from './command-line-client.ts'
import { revoke } from './engine/internals.ts'
import { answerRunning, decideOnce, resumeOnce, usedBefore } from './once.ts'
import type { SuccessorOf } from './engine/refresh-rotation.ts'
import type { StoredBudget } from '../guards/stored-budget.ts'

/** Artifact as the store has it; compare-and-set compares it. */
type Stored = string | undefined

/** A session's idle time may end earlier by so much. */
const touchSeconds = 60

/** What this request has read or written already: oidc-provider asks for the same session and grant several times. */
const readInRequest = Symbol('what this request has read')

interface Known {
  /** Where the store has it; not known of what was found by an alias. */
  place?: string
  stored: Promise<Stored>
  /** What the text says, once it has been read; only numbers are taken from here, all else may have been changed. */
  payload?: AdapterPayload
}

function requestCache(): Map<string, Known> {
  const ctx = Provider.ctx as { [readInRequest]?: Map<string, Known> } | undefined
  if (!ctx) return new Map()
  ctx[readInRequest] ??= new Map()
  return ctx[readInRequest]
}

/** Tokens, codes and session cookies are stored under their hash: whoever reads the store cannot use them. */
function keyOf(id: string): string {
  return heldDeviceCode(id) ?? hashId(id)
}

const held = 'held:'
const devicePages = new Set(['code_verification', 'device_resume'])

/**
 * A device code found by its user code (RFC 8628 section 3.3) stays unknown: for its id stands the place where it is kept.
 * Only the pages of the device flow may name it so; the token endpoint asks for the code itself.
 */
function heldDeviceCode(id: string): string | undefined {
  if (!id.startsWith(held)) return undefined
  const route = (Provider.ctx as { oidc?: { route?: string } } | undefined)?.oidc?.route ?? ''
  return devicePages.has(route) ? id.slice(held.length) : undefined
}

/**
 * The key (RFC 9449) of a command line that signs out in this request. Each sign-in of a command line has a key of its own,
 * and those let in from one browser share a grant: only what belongs to this key ends.
 */
export function keyOfCommandLine(ctx: KoaContextWithOIDC | undefined): string | undefined {
  if (ctx?.oidc?.route !== 'revocation') return undefined
  const { RefreshToken, AccessToken } = ctx.oidc.entities
  const token = RefreshToken ?? AccessToken
  return token?.clientId === commandLineId ? token.jkt : undefined
}

/** Without what would let a reader of the store act as the person: the id itself and the session cookie. */
function withoutSecrets({ jti, ...rest }: AdapterPayload): AdapterPayload {
  // a grant's id opens nothing, and its tokens are found by it
  const payload: AdapterPayload = rest.kind === 'Grant' ? { ...rest, grantId: jti } : rest
  // the id of a running login also ends the address that it comes back to
  const { returnTo } = payload
  if (jti && typeof returnTo === 'string' && returnTo.endsWith(jti)) payload.returnTo = returnTo.slice(0, -jti.length)
  const session = payload['session'] as { cookie?: string } | undefined
  if (!session?.cookie) return payload
  const { cookie: _cookie, ...known } = session
  return { ...payload, session: known }
}

/** Where a session stood that gets another id in this request: oidc-provider destroys the old one before it writes the new. */
const movesFrom = Symbol('where the session of this request stood')

interface Moving {
  [movesFrom]?: string
  oidc?: { session?: { uid: string; jti: string } }
}

/** The artifacts of oidc-provider (its Adapter interface) on our artifact store, each read once in a request. */
export function createAdapterFactory(options: {
  artifacts: Artifacts
  sessions: SessionRows
  clock: Clock
  refreshGraceSeconds: number
  successorOf: SuccessorOf
  findClient(id: string): Promise<AdapterPayload | undefined>
  storedBudget: StoredBudget
}): AdapterFactory {
  const { artifacts, sessions, clock, refreshGraceSeconds, successorOf, findClient, storedBudget } = options

  const clients: Adapter = {
    find: findClient,
    upsert: notForClients,
    findByUid: notForClients,
    findByUserCode: notForClients,
    consume: notForClients,
    destroy: notForClients,
    revokeByGrantId: notForClients,
  }

  function artifactsOf(kind: string): Adapter {
    const read = (id: string): Known => {
      const cache = requestCache()
      const key = `${kind}:${id}`
      let known = cache.get(key)
      if (!known) {
        const place = keyOf(id)
        known = { place, stored: artifacts.get(kind, place) }
        cache.set(key, known)
      }
      return known
    }

    /**
     * A refresh token repeated within the grace after its rotation counts as unused (a client that lost the answer), until
     * somebody has used its successor: then the answer was not lost.
     */
    const mayRepeat = async (id: string, consumed: unknown): Promise<boolean> => {
      if (kind !== 'RefreshToken' || typeof consumed !== 'number') return false
      if (clock() / 1000 - consumed > refreshGraceSeconds) return false
      const successor = await artifacts.get(kind, keyOf(successorOf(id)))
      return successor === undefined || (JSON.parse(successor) as AdapterPayload).consumed === undefined
    }

    const made = (id: string, text: string): AdapterPayload => {
      const payload = JSON.parse(text) as AdapterPayload
      payload.jti = id
      if (typeof payload.returnTo === 'string' && payload.returnTo.endsWith('/')) payload.returnTo += id
      return payload
    }

    const payloadOf = async (id: string, known: Known): Promise<AdapterPayload | undefined> => {
      const text = await known.stored
      if (text === undefined) return undefined
      known.payload = made(id, text)
      if (kind === 'Session' && !(await sessions.counts(known.payload))) return undefined
      const { consumed } = known.payload
      const repeated = consumed !== undefined && (await mayRepeat(id, consumed))
      return repeated ? { ...known.payload, consumed: undefined } : known.payload
    }

    const numbersOf = (known: Known, text: string) => known.payload ?? (JSON.parse(text) as AdapterPayload)

    return {
      async upsert(id, payload, ttl) {
        if (ttl === undefined) throw new Error(`${kind} has no time to live`)
        if (await onlyTouched(id, payload)) return
        const kept = withoutSecrets(payload)
        const text = JSON.stringify(kept)
        const cache = requestCache()
        const before = await cache.get(`${kind}:${id}`)?.stored
        if (before === undefined) storedBudget.spend(payload, text.length)
        const alias = payload.uid ?? payload.userCode
        // sessions and grants are gathered by person, all else by grant
        const group = kind === 'Session' || kind === 'Grant' ? payload.accountId : payload.grantId
        const place = cache.get(`${kind}:${id}`)?.place ?? keyOf(id)
        const written = await write(id, place, text, { ttl, alias, group })
        const stored = Promise.resolve(written ? text : undefined)
        cache.set(`${kind}:${id}`, { place, stored })
        if (payload.uid) cache.set(`${kind}@${payload.uid}`, { stored })
      },
      find: (id) => payloadOf(id, read(id)),
      findByUid(uid) {
        const cache = requestCache()
        const key = `${kind}@${uid}`
        let known = cache.get(key)
        if (!known) {
          known = { stored: artifacts.getByAlias(kind, uid).then((found) => found?.value) }
          cache.set(key, known)
        }
        // its id stays unknown to the caller: who needs it has the cookie
        return payloadOf('', known)
      },
      async findByUserCode(userCode) {
        const found = await artifacts.getByAlias(kind, userCode)
        const id = `${held}${found?.id}`
        const known: Known = { ...(found && { place: found.id }), stored: Promise.resolve(found?.value) }
        requestCache().set(`${kind}:${id}`, known)
        return payloadOf(id, known)
      },
      async consume(id) {
        const known = read(id)
        const { place = keyOf(id) } = known
        const stored = await known.stored
        if (stored === undefined) throw usedBefore(kind)
        const { consumed, grantId } = numbersOf(known, stored)
        if (consumed !== undefined && (await mayRepeat(id, consumed))) return
        const text = `${stored.slice(0, -1)},"consumed":${Math.floor(clock() / 1000)}}`
        const first = consumed === undefined && (await artifacts.compareAndSet(kind, place, stored, text))
        requestCache().delete(`${kind}:${id}`)
        if (!first) await consumedByOther(id, grantId)
      },
      async destroy(id) {
        const cache = requestCache()
        const known = cache.get(`${kind}:${id}`)
        cache.set(`${kind}:${id}`, { stored: Promise.resolve(undefined) })
        if (kind === 'Session') await destroySession(id, known)
        else if (kind === 'Interaction') await resumeOnce(artifacts, keyOf(id), await known?.stored)
        else await artifacts.remove(kind, keyOf(id))
      },
      async revokeByGrantId(grantId) {
        const key = keyOfCommandLine(Provider.ctx)
        if (key === undefined) return artifacts.removeGroup(kind, grantId)
        for (const { id, value } of await artifacts.listGroup(kind, grantId)) {
          if ((JSON.parse(value) as AdapterPayload).jkt === key) await artifacts.remove(kind, id)
        }
      },
    }

    /** Writes over a session or grant only while it is there: false when it was ended since this request read it. */
    async function write(id: string, place: string, value: string, put: PutOptions): Promise<boolean> {
      const moving = Provider.ctx as Moving | undefined
      const from = kind === 'Session' ? moving?.[movesFrom] : undefined
      if (moving && from !== undefined) {
        delete moving[movesFrom]
        return sessions.move(from, place, value, put)
      }
      const known = requestCache().get(`${kind}:${id}`)
      const before = await known?.stored
      const { ttl } = put
      // the successor of a repeated refresh token is there already, and may have been used
      if (kind === 'RefreshToken') return artifacts.add(kind, place, value, put)
      // outside of oidc-provider's routes our pages answer a login that is there
      if (kind === 'Interaction' && (known || !Provider.ctx)) return answerRunning(artifacts, place, value, ttl)
      if (kind === 'DeviceCode' && known) return decideOnce(artifacts, place, { read: before, text: value, ttl })
      if (!known || !(kind === 'Session' || kind === 'Grant')) {
        await artifacts.put(kind, place, value, put)
        return true
      }
      return before !== undefined && replaceArtifact(artifacts, { kind, id: place, before, value, ttl })
    }

    async function destroySession(id: string, known: Known | undefined): Promise<void> {
      const moving = Provider.ctx as Moving | undefined
      const session = moving?.oidc?.session
      if (moving && session && session.jti !== id) {
        // one that was begun in this request stands nowhere yet
        if (known) moving[movesFrom] = keyOf(id)
        return
      }
      await artifacts.remove(kind, keyOf(id))
      if (session) await sessions.remove(session.uid)
    }

    /** True for a session in which nothing changed but that it was just used: that is written once a minute. */
    async function onlyTouched(id: string, payload: AdapterPayload): Promise<boolean> {
      if (kind !== 'Session') return false
      const known = requestCache().get(`${kind}:${id}`)
      const stored = await known?.stored
      if (!known || stored === undefined) return false
      const { exp, iat } = numbersOf(known, stored)
      if ((payload.exp ?? 0) - (exp ?? 0) >= touchSeconds) return false
      return JSON.stringify(withoutSecrets({ ...payload, exp, iat })) === stored
    }

    /**
     * Another request consumed it between our read and our write. What came of it ends (RFC 6749 section 4.1.2), unless it
     * may be repeated. The grant goes as well, so tokens that the winner writes later are dead.
     */
    async function consumedByOther(id: string, grantId: string | undefined): Promise<void> {
      const text = await artifacts.get(kind, keyOf(id))
      if (text !== undefined && (await mayRepeat(id, (JSON.parse(text) as AdapterPayload).consumed))) return
      if (text !== undefined && Provider.ctx) await revoke(Provider.ctx, grantId)
      throw usedBefore(kind)
    }
  }

  return (kind) => (kind === 'Client' ? clients : artifactsOf(kind))
}

async function notForClients(): Promise<never> {
  throw new Error('clients are changed by administrators only')
}
