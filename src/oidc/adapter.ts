import {
  Provider,
  errors,
  type Adapter,
  type AdapterFactory,
  type AdapterPayload,
  type KoaContextWithOIDC,
} from 'oidc-provider'
import type { Clock } from '../config/clock.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { keptId } from '../storage/kept-id.ts'
import { commandLineId } from './command-line-client.ts'
import { madeOnce, onlyLookedAt } from './made-once.ts'

/** Artifact as the store has it; compare-and-set compares it. */
type Stored = string | undefined

/** A session's idle time may end earlier by so much. */
const touchSeconds = 60

/** What this request has read or written already: oidc-provider asks for the same session and grant several times. */
const readInRequest = Symbol('what this request has read')

function requestCache(): Map<string, Promise<Stored>> {
  const ctx = Provider.ctx as { [readInRequest]?: Map<string, Promise<Stored>> } | undefined
  if (!ctx) return new Map()
  ctx[readInRequest] ??= new Map()
  return ctx[readInRequest]
}

/** Tokens, codes and session cookies are stored under their hash: whoever reads the store cannot use them. */
function keyOf(id: string): string {
  return heldDeviceCode(id) ?? keptId(id)
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
function textOf({ jti, ...rest }: AdapterPayload): string {
  // a grant's id opens nothing, and its tokens are found by it
  const payload: AdapterPayload = rest.kind === 'Grant' ? { ...rest, grantId: jti } : rest
  // the id of a running login also ends the address that it comes back to
  const { returnTo } = payload
  if (jti && typeof returnTo === 'string' && returnTo.endsWith(jti)) payload.returnTo = returnTo.slice(0, -jti.length)
  const session = payload['session'] as { cookie?: string } | undefined
  if (!session?.cookie) return JSON.stringify(payload)
  const { cookie: _cookie, ...known } = session
  return JSON.stringify({ ...payload, session: known })
}

/** The artifacts of oidc-provider (its Adapter interface) on our artifact store, each read once in a request. */
export function createAdapterFactory(options: {
  artifacts: Artifacts
  clock: Clock
  refreshGraceSeconds: number
  findClient(id: string): Promise<AdapterPayload | undefined>
}): AdapterFactory {
  const { artifacts, clock, refreshGraceSeconds, findClient } = options

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
    const read = (id: string): Promise<Stored> => {
      const cache = requestCache()
      const key = `${kind}:${id}`
      let stored = cache.get(key)
      if (!stored) {
        stored = artifacts.get(kind, keyOf(id))
        cache.set(key, stored)
      }
      return stored
    }

    /** A refresh token repeated within the grace after its rotation counts as unused (a client that lost the answer). */
    const withinGrace = (consumed: unknown) =>
      kind === 'RefreshToken' && typeof consumed === 'number' && clock() / 1000 - consumed <= refreshGraceSeconds

    const made = (id: string, text: string): AdapterPayload => {
      const payload = JSON.parse(text) as AdapterPayload
      payload.jti = id
      if (typeof payload.returnTo === 'string' && payload.returnTo.endsWith('/')) payload.returnTo += id
      if (withinGrace(payload.consumed)) delete payload.consumed
      return payload
    }

    const payloadOf = (id: string, text: Stored): AdapterPayload | undefined => {
      if (text === undefined) return undefined
      return onlyLookedAt(kind) ? madeOnce(text, () => made(id, text)) : made(id, text)
    }

    return {
      async upsert(id, payload, ttl) {
        if (ttl === undefined) throw new Error(`${kind} has no time to live`)
        if (await onlyTouched(id, payload)) return
        const text = textOf(payload)
        const alias = payload.uid ?? payload.userCode
        // sessions and grants are gathered by person, all else by grant
        const group = kind === 'Session' || kind === 'Grant' ? payload.accountId : payload.grantId
        await artifacts.put(kind, keyOf(id), text, { ttl, alias, group })
        const cache = requestCache()
        const stored = Promise.resolve(text)
        cache.set(`${kind}:${id}`, stored)
        if (payload.uid) cache.set(`${kind}@${payload.uid}`, stored)
      },
      async find(id) {
        return payloadOf(id, await read(id))
      },
      async findByUid(uid) {
        const cache = requestCache()
        const key = `${kind}@${uid}`
        let stored = cache.get(key)
        if (!stored) {
          stored = artifacts.getByAlias(kind, uid).then((found) => found?.value)
          cache.set(key, stored)
        }
        // its id stays unknown to the caller: who needs it has the cookie
        return payloadOf('', await stored)
      },
      async findByUserCode(userCode) {
        const found = await artifacts.getByAlias(kind, userCode)
        return payloadOf(`${held}${found?.id}`, found?.value)
      },
      async consume(id) {
        const stored = await read(id)
        if (stored === undefined) throw new errors.InvalidGrant('already consumed')
        const payload = JSON.parse(stored) as AdapterPayload
        if (withinGrace(payload.consumed)) return
        const text = JSON.stringify({ ...payload, consumed: Math.floor(clock() / 1000) })
        const first = payload.consumed === undefined && (await artifacts.compareAndSet(kind, keyOf(id), stored, text))
        if (!first && !(await consumedJustNow(id))) throw new errors.InvalidGrant('already consumed')
        requestCache().delete(`${kind}:${id}`)
      },
      async destroy(id) {
        requestCache().delete(`${kind}:${id}`)
        await artifacts.remove(kind, keyOf(id))
      },
      async revokeByGrantId(grantId) {
        const key = keyOfCommandLine(Provider.ctx)
        if (key === undefined) return artifacts.removeGroup(kind, grantId)
        for (const { id, value } of await artifacts.listGroup(kind, grantId)) {
          if ((JSON.parse(value) as AdapterPayload).jkt === key) await artifacts.remove(kind, id)
        }
      },
    }

    /** True for a session in which nothing changed but that it was just used: that is written once a minute. */
    async function onlyTouched(id: string, payload: AdapterPayload): Promise<boolean> {
      if (kind !== 'Session') return false
      const stored = await read(id)
      if (stored === undefined) return false
      const before = JSON.parse(stored) as AdapterPayload
      if ((payload.exp ?? 0) - (before.exp ?? 0) >= touchSeconds) return false
      return textOf({ ...payload, exp: before.exp, iat: before.iat }) === stored
    }

    async function consumedJustNow(id: string): Promise<boolean> {
      const text = await artifacts.get(kind, keyOf(id))
      return text !== undefined && withinGrace((JSON.parse(text) as AdapterPayload).consumed)
    }
  }

  return (kind) => (kind === 'Client' ? clients : artifactsOf(kind))
}

async function notForClients(): Promise<never> {
  throw new Error('clients are changed by administrators only')
}
