import type { Authenticators } from '../accounts/authenticators.ts'
import type { Consents } from '../accounts/consents.ts'
import type { FaceConsents } from '../accounts/identity-proofing/face-consents.ts'
import type { Devices } from '../accounts/devices.ts'
import type { Representations } from '../accounts/mandates/representations.ts'
import type { MethodLocks } from '../accounts/method-locks.ts'
import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import type { UpstreamLinks } from '../accounts/upstream-links.ts'
import type { Inbox } from '../channels/senders/inbox.ts'
import { auditEvents } from '../audit/audit-events.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { Sessions } from '../sessions/sessions.ts'

export interface MyDataDeps {
  persons: NaturalPersons
  authenticators: Authenticators
  methodLocks: MethodLocks
  upstreamLinks: Pick<UpstreamLinks, 'of' | 'alias'>
  devices: Devices
  sessions: Sessions
  consents: Consents
  faceConsents: FaceConsents
  representations: Representations
  inbox: Inbox
  audit: AuditLog
  clock: Clock
}

const atOnce = 500

const moment = (at: number | null) => (at === null ? null : new Date(at).toISOString())

/** Reads a list to its end, `atOnce` entries at a time. */
async function everyOne<T>(read: (limit: number, offset: number) => Promise<T[]>): Promise<T[]> {
  const all: T[] = []
  for (;;) {
    const some = await read(atOnce, all.length)
    all.push(...some)
    if (some.length < atOnce) return all
  }
}

/** Linked accounts of other systems, each with the username there that another account has here. */
async function upstreamsOf({ upstreamLinks }: MyDataDeps, id: string) {
  const aliases = new Map((await upstreamLinks.alias(id)).map(({ upstream, alias }) => [upstream, alias]))
  return (await upstreamLinks.of(id)).map(({ upstream, level, way, linkedAt, lastUsedAt, opened }) => ({
    upstream,
    username: aliases.get(upstream) ?? null,
    level,
    way,
    imported: opened,
    linkedAt: moment(linkedAt),
    lastUsedAt: moment(lastUsedAt),
  }))
}

/** Everything stored about a person, except secrets; docs/my-data.md documents the shape. */
export async function myData(deps: MyDataDeps, person: NaturalPerson) {
  const { persons, authenticators, methodLocks, devices, sessions, consents, representations, inbox, audit } = deps
  const { id } = person
  const held = await representations.of(id)
  const face = await deps.faceConsents.of(person)
  const events = Object.keys(auditEvents)
  const history = await everyOne((limit, offset) => audit.ofPerson(id, { events, limit, offset }))
  // a password keeps no moment of its use, but each sign-in has one
  const lastBy = (kind: string) =>
    history.find(({ event, details }) => event === 'login.succeeded' && details['method'] === kind)?.at ?? null
  return {
    format: 'yideng-my-data',
    version: 1,
    madeAt: moment(deps.clock()),
    account: {
      id,
      ...persons.reveal(person),
      identityLevel: person.identityLevel,
      proofedAt: moment(person.proofedAt),
      faceProofedAt: moment(person.faceProofedAt),
      status: person.status,
      heldUntil: moment(person.heldUntil),
      closesAt: moment(person.closesAt),
      createdAt: moment(person.createdAt),
    },
    privacyNotices: (await consents.privacyNotices(id)).map(({ version, givenAt }) => ({
      version,
      givenAt: moment(givenAt),
    })),
    faceConsent: face ? { ...face, givenAt: moment(face.givenAt) } : null,
    authenticators: (await authenticators.list(id)).map(({ kind, createdAt, lastUsedAt }) => ({
      kind,
      createdAt: moment(createdAt),
      lastUsedAt: moment(lastUsedAt ?? lastBy(kind)),
    })),
    waysOff: (await methodLocks.list(id)).map(({ lockedAt, ...rest }) => ({ ...rest, lockedAt: moment(lockedAt) })),
    upstreams: await upstreamsOf(deps, id),
    devices: (await devices.list(id)).map(({ browser, firstSeenAt, lastSeenAt }) => ({
      browser,
      firstSeenAt: moment(firstSeenAt),
      lastSeenAt: moment(lastSeenAt),
    })),
    sessions: (await sessions.listWithOrigins(id)).map(({ signedInAt, amr, level, clientIds: portals, origin }) => {
      const { address, browser, method } = origin ?? {}
      return { signedInAt: moment(signedInAt * 1000), amr, level, portals, address, browser, method }
    }),
    consents: (await consents.list(id)).map(({ clientId, granted, givenAt }) => ({
      portal: clientId,
      ...granted,
      givenAt: moment(givenAt),
    })),
    acting: held.map(({ view }) => ({
      kind: view.kind,
      name: view.name,
      uscc: view.uscc,
      representative: view.kind === 'legal_person' && view.affairs.principal.ownerId === id,
      mandates: view.affairs.mandates.filter(({ personId, grantedBy }) => personId === id || grantedBy === id),
    })),
    helpers: (await representations.givenBy(id)).map(({ principalId: _own, ...mandate }) => mandate),
    notices: (await everyOne((limit, offset) => inbox.list(id, limit, offset))).map(
      ({ createdAt, restricted: { stop: _secret, ...restricted }, ...notice }) => ({
        ...notice,
        restricted,
        createdAt: moment(createdAt),
      }),
    ),
    history: history.map(({ at, ...event }) => ({ at: moment(at), ...event })),
  }
}
