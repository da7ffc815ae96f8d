import type { Clock } from '../config/clock.ts'
import { hourMs, minuteMs } from '../config/time.ts'
import type { AuditEvent, AuditEventName } from './audit-events.ts'

/**
 * Events that a stranger can cause for an account. Each kind gets one entry an hour and one sum. So a stranger cannot
 * flood the holder's history.
 */
const byStrangers: ReadonlySet<AuditEventName> = new Set([
  'login.refused',
  'recovery.refused',
  'upstream.identity-changed',
])

/** The most kinds counted at once. Further kinds are summed by event name alone. */
const mostKinds = 50_000
/** The most addresses that one sum counts, and that it names. */
const mostAddresses = 1000
const mostNamed = 5

interface Sum {
  /** The first event of its kind, which has its own entry. */
  first: AuditEvent
  windowMs: number
  since: number
  /** Events after the first. */
  count: number
  addresses: Map<string, number>
}

/**
 * Keeps strangers from filling the audit log. Strangers are neither a known person, an administrator nor an authenticated
 * client. One event of a kind has its own entry in a minute; the others become one sum. Sums are in the memory of this
 * process. A crash loses those of the last minute, and of the last hour for events about a person.
 */
export interface Sums {
  /** Returns true if the event was added to a sum and gets no entry of its own. */
  takes(event: AuditEvent): boolean
  /** Removes and returns the sums whose window is over, or all sums, as entries. */
  due(all?: boolean): AuditEvent[]
}

/** How long events of this kind are summed; undefined for a known actor, whose events all get entries. */
function windowOf({ event, actor, personId }: AuditEvent): number | undefined {
  if (personId !== undefined) return byStrangers.has(event) ? hourMs : undefined
  return actor === 'person' || actor === 'program' ? minuteMs : undefined
}

/** Details that define the kind of event. Numbers do not, because they vary. */
const wordsOf = ({ details = {} }: AuditEvent) =>
  Object.fromEntries(Object.entries(details).filter(([, value]) => typeof value === 'string' || value === true))

/** Address and portal do not make another kind. Details are our own fixed words, so there are few kinds. */
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
