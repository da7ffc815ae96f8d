import { z } from 'zod'
import type { Referred } from '../pages/reference.ts'
import type { Artifacts } from './artifacts.ts'

const kind = 'reason'
/** Every kind has its latest reasons, so that scanners do not push out the reasons of people. */
export const mostReasons = 10_000
/** Seconds. */
const kept = 7 * 86_400
const tenYears = 315_360_000
/** Reasons that wait in a process while the store is unavailable. */
const mostWaiting = 1000
const retryMs = 1000

const kinds = ['failed', 'nowhere', 'refused'] as const

function kindOf({ status }: Pick<Referred, 'status'>): (typeof kinds)[number] {
  if (status >= 500) return 'failed'
  return status === 404 || status === 405 ? 'nowhere' : 'refused'
}

const text = z.string().optional()
const schema: z.ZodType<Referred> = z.object({
  reference: z.string(),
  at: z.string(),
  method: z.string(),
  route: z.string(),
  code: z.string(),
  status: z.number(),
  client: text,
  error: text,
  description: text,
  detail: text,
  scope: text,
  asked: text,
  where: z.array(z.string()).optional(),
})

export interface Reasons {
  /** Keeps a reason soon, and never fails the request. */
  keep(reason: Referred): void
  /** Writes the reasons that wait, once. */
  stop(): Promise<void>
}

/**
 * Reasons of refused requests, for all processes on one store. A stranger causes them, so each kind is a ring of a fixed
 * size (docs/decisions/0105-reasons-in-a-ring.md).
 */
export function createReasons(artifacts: Pick<Artifacts, 'increment' | 'put'>): Reasons {
  let waiting: Referred[] = []
  let writing: Promise<void> | undefined
  let later: NodeJS.Timeout | undefined

  async function put(reason: Referred): Promise<void> {
    const ring = kindOf(reason)
    const { count } = await artifacts.increment(kind, `${ring}-next`, tenYears)
    const place = `${ring}-${count % mostReasons}`
    await artifacts.put(kind, place, JSON.stringify(reason), { ttl: kept, group: ring })
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      const results = await Promise.allSettled(batch.map(put))
      const left = batch.filter((_reason, index) => results[index]?.status === 'rejected')
      if (left.length === 0) continue
      waiting = [...left, ...waiting].slice(-mostWaiting)
      later = setTimeout(again, retryMs).unref()
      return
    }
  }

  function again(): void {
    later = undefined
    void write()
  }

  function write(): Promise<void> {
    writing ??= writeAll().finally(() => (writing = undefined))
    return writing
  }

  return {
    keep(reason) {
      if (waiting.length >= mostWaiting) waiting.shift()
      waiting.push(reason)
      if (!later) void write()
    },
    async stop() {
      clearTimeout(later)
      await write()
      clearTimeout(later)
    },
  }
}

/** The latest reason under a reference number. */
export async function findReason(
  artifacts: Pick<Artifacts, 'listGroup'>,
  reference: string,
): Promise<Referred | undefined> {
  const all = await Promise.all(kinds.map((ring) => artifacts.listGroup(kind, ring)))
  const found = all.flat().find(({ value }) => value.startsWith(`{"reference":"${reference}"`))
  return found && schema.parse(JSON.parse(found.value))
}
