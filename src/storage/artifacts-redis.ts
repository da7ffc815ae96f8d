import { LRUCache } from 'lru-cache'
import type { Clock } from '../config/clock.ts'
import type { Artifacts } from './artifacts.ts'
import { connectRedis, script, type Reply } from './redis.ts'

/**
 * One artifact is one key, so all that must be one step is one command on one key, in a Cluster too:
 *   yideng:<kind>:<id>     `[expires at,"alias","group"]`, a line feed, the value
 *   yideng:<kind>@<alias>  the id; counts only where the artifact still has this alias
 *   yideng:<kind>#<group>  sorted set of ids by when they expire; counts only where the artifact still has this group
 * Redis forgets each by itself; the time in the artifact is there for our own clock.
 */
const keyOf = (kind: string, id: string) => `yideng:${kind}:${id}`
const aliasKey = (kind: string, alias: string) => `yideng:${kind}@${alias}`
const groupKey = (kind: string, group: string) => `yideng:${kind}#${group}`

const found = `
  local stored = redis.call('GET', KEYS[1])
  local line = stored and string.find(stored, '\\n', 1, true)
  local alive = stored and tonumber(string.match(stored, '^%[(%d+)')) > tonumber(ARGV[1])
`

/** now, expected, value, new expiry or 0, new milliseconds to live → head of what was changed */
const compareAndSet = script(`${found}
  if not alive or string.sub(stored, line + 1) ~= ARGV[2] then return nil end
  local head = string.sub(stored, 1, line)
  if ARGV[4] == '0' then
    redis.call('SET', KEYS[1], head .. ARGV[3], 'KEEPTTL')
  else
    head = '[' .. ARGV[4] .. string.match(head, ',.*')
    redis.call('SET', KEYS[1], head .. ARGV[3], 'PX', ARGV[5])
  end
  return head`)

/** now, whole text, milliseconds to live → 1 when written */
const add = script(`${found}
  if alive then return 0 end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1`)

/** now, expiry of a new one, milliseconds to live → whole text */
const increment = script(`${found}
  if alive then
    stored = string.sub(stored, 1, line) .. (tonumber(string.sub(stored, line + 1)) + 1)
    redis.call('SET', KEYS[1], stored, 'KEEPTTL')
  else
    stored = '[' .. ARGV[2] .. ',null,null]\\n1'
    redis.call('SET', KEYS[1], stored, 'PX', ARGV[3])
  end
  return stored`)

/** the group's end of the head → 1 when removed */
const removeOfGroup = script(`
  local stored = redis.call('GET', KEYS[1])
  local head = stored and string.sub(stored, 1, string.find(stored, '\\n', 1, true) - 1)
  if not head or string.sub(head, -#ARGV[1]) ~= ARGV[1] then return 0 end
  return redis.call('DEL', KEYS[1])`)

/** now, expiry, id, milliseconds to live: a group lives as long as the longest of it, and forgets what has expired */
const enlist = script(`
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
  return 1`)

const mostAliases = 20_000

interface HeadParts {
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

/** How a head ends where the artifact belongs to a group. */
const groupEnd = (group: string) => `,${JSON.stringify(group)}]`

const texts = (reply: Reply) => (Array.isArray(reply) ? reply.map(String) : [])

/**
 * The artifact store of many machines, on one Redis or a Cluster. It is as durable as that Redis is told to be
 * (docs/deploy.md).
 * @throws StoreAway while Redis does not answer; it is connected again by itself
 */
export async function openRedisArtifacts(
  urls: string,
  clock: Clock,
  failed: (error: unknown) => void,
): Promise<Artifacts> {
  const redis = await connectRedis(urls, failed)

  const alive = (reply: Reply) => {
    const stored = read(reply)
    return stored && stored.expiresAt > clock() ? stored : undefined
  }

  /** In the same round trip as the artifact: only what is in both is promised, and listings look at both. */
  async function index(kind: string, id: string, expiresAt: number, ttlMs: number, options: HeadParts) {
    const { alias, group } = options
    const written: Promise<unknown>[] = [
      ...(typeof alias !== 'string' ? [] : [redis.ask('SET', aliasKey(kind, alias), id, 'PX', String(ttlMs))]),
      ...(typeof group !== 'string' ? [] : [redis.run(enlist, groupKey(kind, group), clock(), expiresAt, id, ttlMs)]),
    ]
    await Promise.all(written)
  }

  /** What was lately found behind an alias: as in Redis a hint, that spares asking for it where the artifact agrees. */
  const aliases = new LRUCache<string, string>({ max: mostAliases })

  async function ofAlias(kind: string, id: string, alias: string) {
    const stored = alive(await redis.ask('GET', keyOf(kind, id)))
    return stored && parseHead(stored.head)[1] === alias ? { id, value: stored.value } : undefined
  }

  const headOf = (expiresAt: number, { alias = null, group = null }: HeadParts) =>
    JSON.stringify([expiresAt, alias, group])

  return {
    async get(kind, id) {
      return alive(await redis.ask('GET', keyOf(kind, id)))?.value
    },

    async put(kind, id, value, { ttl, ...more }) {
      if (typeof more.alias === 'string') aliases.set(aliasKey(kind, more.alias), id)
      const ttlMs = ttl * 1000
      const expiresAt = clock() + ttlMs
      const set = redis.ask('SET', keyOf(kind, id), `${headOf(expiresAt, more)}\n${value}`, 'PX', String(ttlMs))
      await Promise.all([set, index(kind, id, expiresAt, ttlMs, more)])
    },

    async getByAlias(kind, alias) {
      const key = aliasKey(kind, alias)
      const lately = aliases.get(key)
      const known = lately === undefined ? undefined : await ofAlias(kind, lately, alias)
      if (known) return known
      const id = await redis.ask('GET', key)
      if (typeof id !== 'string') return undefined
      aliases.set(key, id)
      return ofAlias(kind, id, alias)
    },

    async take(kind, id) {
      return alive(await redis.ask('GETDEL', keyOf(kind, id)))?.value
    },

    async compareAndSet(kind, id, expected, value, ttl) {
      const now = clock()
      const ttlMs = (ttl ?? 0) * 1000
      const expiresAt = ttl === undefined ? 0 : now + ttlMs
      const head = await redis.run(compareAndSet, keyOf(kind, id), now, expected, value, expiresAt, ttlMs)
      if (typeof head !== 'string') return false
      if (ttl !== undefined) {
        const [, alias, group] = parseHead(head)
        await index(kind, id, expiresAt, ttlMs, { alias, group })
      }
      return true
    },

    async add(kind, id, value, { ttl, alias, group }) {
      const now = clock()
      const ttlMs = ttl * 1000
      const expiresAt = now + ttlMs
      const text = `${headOf(expiresAt, { alias, group })}\n${value}`
      const [, reply] = await Promise.all([
        index(kind, id, expiresAt, ttlMs, { group }),
        redis.run(add, keyOf(kind, id), now, text, ttlMs),
      ])
      const added = reply === 1
      // an alias says who has it, so only who was added may
      if (added) await index(kind, id, expiresAt, ttlMs, { alias })
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
      const ids = texts(await redis.ask('ZRANGEBYSCORE', groupKey(kind, group), `(${clock()}`, '+inf'))
      const all = await Promise.all(
        ids.map(async (id) => {
          const stored = alive(await redis.ask('GET', keyOf(kind, id)))
          return stored?.head.endsWith(groupEnd(group)) ? [{ id, value: stored.value }] : []
        }),
      )
      return all.flat()
    },

    /** Leaves the list as it is: what is written in this moment must be found by the next who ends the group. */
    async removeGroup(kind, group) {
      const ids = texts(await redis.ask('ZRANGEBYSCORE', groupKey(kind, group), `(${clock()}`, '+inf'))
      await Promise.all(ids.map((id) => redis.run(removeOfGroup, keyOf(kind, id), groupEnd(group))))
    },

    /** Nothing is kept in memory. */
    renew: () => undefined,
    /** Redis forgets by itself. */
    sweep: async () => 0,
    close: () => redis.close(),
  }
}
