import { LRUCache } from 'lru-cache'
import type { Clock } from '../config/clock.ts'
import type { Artifacts } from './artifacts.ts'
import { add, compareAndSet, enlist, increment, removeOfGroup } from './artifact-scripts.ts'
import { connectRedis, type Redis, type Reply } from './redis.ts'

/**
 * One artifact is one key, so each atomic step is one command on one key, in a Cluster too:
 *   yideng:<kind>:<id>     `[expires at,"alias","group"]`, a line feed, the value
 *   yideng:<kind>@<alias>  the id; valid only if the artifact still has this alias
 *   yideng:<kind>#<group>  sorted set of ids by expiry; valid only if the artifact still has this group
 * Redis expires each key. The time in the artifact serves our own clock.
 */
const keyOf = (kind: string, id: string) => `yideng:${kind}:${id}`
const aliasKey = (kind: string, alias: string) => `yideng:${kind}@${alias}`
const groupKey = (kind: string, group: string) => `yideng:${kind}#${group}`

const maxAliases = 20_000

/** The part of the head beside its expiry. */
interface Indexed {
  alias?: string | null | undefined
  group?: string | null | undefined
}

interface Stored {
  value: string
  /** Milliseconds since 1970 UTC. */
  expiresAt: number
  head: string
}

function read(reply: Reply): Stored | undefined {
  if (typeof reply !== 'string') return undefined
  const line = reply.indexOf('\n')
  return { value: reply.slice(line + 1), expiresAt: Number.parseInt(reply.slice(1), 10), head: reply.slice(0, line) }
}

const parseHead = (head: string) => JSON.parse(head) as [number, string | null, string | null]

const headOf = (expiresAt: number, { alias = null, group = null }: Indexed) => JSON.stringify([expiresAt, alias, group])

/** The end of the head of an artifact in a group. */
const groupEnd = (group: string) => `,${JSON.stringify(group)}]`

interface Store {
  redis: Redis
  clock: Clock
}

function alive({ clock }: Store, reply: Reply): Stored | undefined {
  const stored = read(reply)
  return stored && stored.expiresAt > clock() ? stored : undefined
}

const find = async (store: Store, kind: string, id: string) =>
  alive(store, await store.redis.ask('GET', keyOf(kind, id)))

async function findByAlias(store: Store, kind: string, id: string, alias: string) {
  const stored = await find(store, kind, id)
  return stored && parseHead(stored.head)[1] === alias ? { id, value: stored.value } : undefined
}

/** Writes alias and group in the round trip of the artifact. Readers compare both, so a half-written index does no harm. */
async function index(
  { redis, clock }: Store,
  { kind, id, expiresAt, ttlMs }: { kind: string; id: string; expiresAt: number; ttlMs: number },
  { alias, group }: Indexed,
): Promise<void> {
  const written: Promise<unknown>[] = []
  if (typeof alias === 'string') written.push(redis.ask('SET', aliasKey(kind, alias), id, 'PX', String(ttlMs)))
  if (typeof group === 'string') written.push(redis.run(enlist, groupKey(kind, group), clock(), expiresAt, id, ttlMs))
  await Promise.all(written)
}

async function idsOfGroup({ redis, clock }: Store, kind: string, group: string): Promise<string[]> {
  const reply = await redis.ask('ZRANGEBYSCORE', groupKey(kind, group), `(${clock()}`, '+inf')
  return Array.isArray(reply) ? reply.map(String) : []
}

/**
 * The artifact store of several machines, on one Redis or a Cluster. Its durability is that of the Redis (docs/deploy.md).
 * @throws StoreUnavailable while Redis does not answer; the client connects again without a restart
 */
export async function openRedisArtifacts(
  urls: string,
  clock: Clock,
  failed: (error: unknown) => void,
): Promise<Artifacts> {
  const redis = await connectRedis(urls, failed)
  const store = { redis, clock }
  /** Recent ids by alias: a hint that saves a request, because the artifact itself confirms its alias. */
  const aliases = new LRUCache<string, string>({ max: maxAliases })

  return {
    async get(kind, id) {
      return (await find(store, kind, id))?.value
    },

    async put(kind, id, value, { ttl, ...more }) {
      if (typeof more.alias === 'string') aliases.set(aliasKey(kind, more.alias), id)
      const ttlMs = ttl * 1000
      const expiresAt = clock() + ttlMs
      const set = redis.ask('SET', keyOf(kind, id), `${headOf(expiresAt, more)}\n${value}`, 'PX', String(ttlMs))
      await Promise.all([set, index(store, { kind, id, expiresAt, ttlMs }, more)])
    },

    async getByAlias(kind, alias) {
      const key = aliasKey(kind, alias)
      const lately = aliases.get(key)
      const known = lately === undefined ? undefined : await findByAlias(store, kind, lately, alias)
      if (known) return known
      const id = await redis.ask('GET', key)
      if (typeof id !== 'string') return undefined
      aliases.set(key, id)
      return findByAlias(store, kind, id, alias)
    },

    async take(kind, id) {
      return alive(store, await redis.ask('GETDEL', keyOf(kind, id)))?.value
    },

    async compareAndSet(kind, id, expected, value, ttl) {
      const now = clock()
      const ttlMs = (ttl ?? 0) * 1000
      const expiresAt = ttl === undefined ? 0 : now + ttlMs
      const head = await redis.run(compareAndSet, keyOf(kind, id), now, expected, value, expiresAt, ttlMs)
      if (typeof head !== 'string') return false
      if (ttl !== undefined) {
        const [, alias, group] = parseHead(head)
        await index(store, { kind, id, expiresAt, ttlMs }, { alias, group })
      }
      return true
    },

    async add(kind, id, value, { ttl, alias, group }) {
      const now = clock()
      const ttlMs = ttl * 1000
      const expiresAt = now + ttlMs
      const text = `${headOf(expiresAt, { alias, group })}\n${value}`
      const [, reply] = await Promise.all([
        index(store, { kind, id, expiresAt, ttlMs }, { group }),
        redis.run(add, keyOf(kind, id), now, text, ttlMs),
      ])
      const added = reply === 1
      // only an artifact that was added may take the alias
      if (added) await index(store, { kind, id, expiresAt, ttlMs }, { alias })
      return added
    },

    async increment(kind, id, ttl) {
      const now = clock()
      const stored = read(await redis.run(increment, keyOf(kind, id), now, now + ttl * 1000, ttl * 1000))
      if (!stored) throw new Error('the counter was not returned')
      return { count: Number(stored.value), expiresAt: stored.expiresAt }
    },

    async remove(kind, id) {
      await redis.ask('DEL', keyOf(kind, id))
    },

    async listGroup(kind, group) {
      const ids = await idsOfGroup(store, kind, group)
      const all = await Promise.all(
        ids.map(async (id) => {
          const stored = await find(store, kind, id)
          return stored?.head.endsWith(groupEnd(group)) ? [{ id, value: stored.value }] : []
        }),
      )
      return all.flat()
    },

    /** Leaves the list of ids: the next removal must find an artifact that is written at this moment. */
    async removeGroup(kind, group) {
      const ids = await idsOfGroup(store, kind, group)
      await Promise.all(ids.map((id) => redis.run(removeOfGroup, keyOf(kind, id), groupEnd(group))))
    },

    /** Only aliases are in memory, and each is confirmed. */
    renew: () => undefined,
    /** Redis expires its keys. */
    sweep: async () => 0,
    close: () => redis.close(),
  }
}
