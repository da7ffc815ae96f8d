import type { Clock } from '../config/clock.ts'
import { hourMs, minuteMs } from '../config/time.ts'
import type { AuditEvent, AuditEventName } from './audit-events.ts'

/**
 * What somebody can do to an account without being its holder. The person reads of it, but cannot be flooded with it: one
 * entry an hour for each kind, and a sum of the others.
 */
const aboutAPerson: ReadonlySet<AuditEventName> = new Set(['login.refused', 'recovery.refused'])

/** Kinds under way at once; what comes beyond is summed under the name of its event alone. */
const mostKinds = 50_000
/** Addresses told apart in one sum, and those that it names. */
const mostAddresses = 1000
const mostNamed = 5

interface Sum {
  /** The first of its kind, which has an entry of its own. */
  first: AuditEvent
  windowMs: number
  since: number
  /** Those after the first. */
  count: number
  addresses: Map<string, number>
}

/**
 * Keeps strangers from filling the audit trail: of acts by nobody (no person, no administrator, no proven client) one of a
 * kind has its own entry in a minute, and the others are a sum. Kept in this process; a crash costs the sums of the last
 * minute, and of the last hour of what is about one person.
 */
export interface Sums {
  /** True where the act has been added to a sum and gets no entry of its own. */
  takes(event: AuditEvent): boolean
  /** The sums whose time is over, or all of them at the end, as entries; each is told once. */
  due(all?: boolean): AuditEvent[]
}

/** How long acts of this kind are summed; undefined for what somebody did, each of which is kept. */
function windowOf({ event, actor, personId }: AuditEvent): number | undefined {
  if (personId !== undefined) return aboutAPerson.has(event) ? hourMs : undefined
  return actor === 'person' || actor === 'program' ? minuteMs : undefined
}

/** Details that say what kind of act it is. Numbers do not: each may be another. */
const wordsOf = ({ details = {} }: AuditEvent) =>
  Object.fromEntries(Object.entries(details).filter(([, value]) => typeof value === 'string' || value === true))

/** What makes two acts one kind: all but who asked, and at which portal. The words are ours, so there are few kinds. */
const kindOf = (event: AuditEvent) => `${event.event} ${event.personId ?? ''} ${JSON.stringify(wordsOf(event))}`

export function createSums(clock: Clock): Sums {
  const open = new Map<string, Sum>()
  const over: AuditEvent[] = []

  const entryOf = ({ first, since, count, addresses }: Sum): AuditEvent => {
    const { event, actor, personId } = first
    const most = [...addresses].toSorted(([, one], [, other]) => other - one).slice(0, mostNamed)
    return {
      event,
      actor,
      personId,
      details: {
        ...wordsOf(first),
        more: count,
        addresses: addresses.size,
        seconds: Math.ceil((clock() - since) / 1000),
      },
      restricted: { addresses: most.map(([address, times]) => `${address} ×${times}`).join(', ') },
    }
  }

  function close(key: string, sum: Sum) {
    open.delete(key)
    if (sum.count > 0) over.push(entryOf(sum))
  }

  function add(sum: Sum, { restricted }: AuditEvent) {
    sum.count += 1
    const address = restricted?.['address'] ?? ''
    if (sum.addresses.size < mostAddresses || sum.addresses.has(address))
      sum.addresses.set(address, (sum.addresses.get(address) ?? 0) + 1)
  }

  return {
    takes(event) {
      const windowMs = windowOf(event)
      if (windowMs === undefined) return false
      const known = kindOf(event)
      const isFull = open.size >= mostKinds && !open.has(known)
      const [key, first]: [string, AuditEvent] = isFull
        ? [event.event, { event: event.event, actor: event.actor }]
        : [known, event]
      const sum = open.get(key)
      if (sum && clock() - sum.since < sum.windowMs) {
        add(sum, event)
        return true
      }
      if (sum) close(key, sum)
      open.set(key, { first, windowMs: isFull ? minuteMs : windowMs, since: clock(), count: 0, addresses: new Map() })
      return false
    },
    due(all = false) {
      for (const [key, sum] of open) if (all || clock() - sum.since >= sum.windowMs) close(key, sum)
      return over.splice(0)
    },
  }
}
