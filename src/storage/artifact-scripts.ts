import { script } from './redis.ts'

// Lua scripts of artifacts-redis.ts: each is one atomic step on one key.

const found = `
  local stored = redis.call('GET', KEYS[1])
  local line = stored and string.find(stored, '\\n', 1, true)
  local alive = stored and tonumber(string.match(stored, '^%[(%d+)')) > tonumber(ARGV[1])
`

/** now, expected, value, new expiry or 0, new milliseconds to live → head of the changed artifact */
export const compareAndSet = script(`${found}
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
export const add = script(`${found}
  if alive then return 0 end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1`)

/** now, expiry of a new one, milliseconds to live → whole text */
export const increment = script(`${found}
  if alive then
    stored = string.sub(stored, 1, line) .. (tonumber(string.sub(stored, line + 1)) + 1)
    redis.call('SET', KEYS[1], stored, 'KEEPTTL')
  else
    stored = '[' .. ARGV[2] .. ',null,null]\\n1'
    redis.call('SET', KEYS[1], stored, 'PX', ARGV[3])
  end
  return stored`)

/** the head's end of that group → 1 when removed */
export const removeOfGroup = script(`
  local stored = redis.call('GET', KEYS[1])
  local head = stored and string.sub(stored, 1, string.find(stored, '\\n', 1, true) - 1)
  if not head or string.sub(head, -#ARGV[1]) ~= ARGV[1] then return 0 end
  return redis.call('DEL', KEYS[1])`)

/** now, expiry, id, milliseconds to live. A group lives as long as its longest member, and drops expired ones. */
export const enlist = script(`
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
  return 1`)
