import type { Authenticators } from '../accounts/authenticators.ts'
import type { Consents } from '../accounts/consents.ts'
import type { FaceConsents } from '../accounts/faces/consents.ts'
import type { Devices } from '../accounts/devices.ts'
import type { Representations } from '../accounts/mandates/representations.ts'
import type { MethodLocks } from '../accounts/method-locks.ts'
import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import type { Inbox } from '../accounts/notices.ts'
import { auditEvents } from '../audit/audit-events.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, Router } from '../login/method.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { requestOf } from '../pages/request-context.ts'

export interface DataDeps {
  persons: NaturalPersons
  authenticators: Authenticators
  methodLocks: MethodLocks
  devices: Devices
  sessions: Sessions
  consents: Consents
  faceConsents: FaceConsents
  representations: Representations
  inbox: Inbox
  audit: AuditLog
  clock: Clock
}

const room = '/account/data'
const atOnce = 500

const moment = (at: number | null) => (at === null ? null : new Date(at).toISOString())

/** Reads a list to its end, so many entries at a time. */
async function everyOne<T>(read: (limit: number, offset: number) => Promise<T[]>): Promise<T[]> {
  const all: T[] = []
  for (;;) {
    const some = await read(atOnce, all.length)
    all.push(...some)
    if (some.length < atOnce) return all
  }
}

/** All that is kept about a person, secrets left out; the shape is documented in docs/my-data.md. */
async function myData(deps: DataDeps, person: NaturalPerson) {
  const { persons, authenticators, methodLocks, devices, sessions, consents, representations, inbox, audit } = deps
  const { id } = person
  const held = await representations.of(id)
  const face = await deps.faceConsents.of(person)
  const events = Object.keys(auditEvents)
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
      lastUsedAt: moment(lastUsedAt),
    })),
    waysOff: (await methodLocks.list(id)).map(({ lockedAt, ...rest }) => ({ ...rest, lockedAt: moment(lockedAt) })),
    devices: (await devices.list(id)).map(({ browser, firstSeenAt, lastSeenAt }) => ({
      browser,
      firstSeenAt: moment(firstSeenAt),
      lastSeenAt: moment(lastSeenAt),
    })),
    sessions: (await sessions.listAbout(id)).map(({ signedInAt, amr, level, clientIds: portals, about }) => {
      const { address, browser, method } = about ?? {}
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
    notices: (await everyOne((limit, offset) => inbox.list(id, limit, offset))).map(({ createdAt, ...notice }) => ({
      ...notice,
      createdAt: moment(createdAt),
    })),
    history: (await everyOne((limit, offset) => audit.ofPerson(id, { events, limit, offset }))).map(
      ({ at, ...event }) => ({ at: moment(at), ...event }),
    ),
  }
}

/** Downloading all that is kept about me. */
export function dataRoutes(router: Router, centre: AccountHost, deps: DataDeps): void {
  router.get(room, async (ctx) => {
    const account = await centre.mayChangeAuthenticators(ctx)
    if (account) await centre.show(ctx, account, 'account/data', {})
  })

  router.post(room, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.mayChangeAuthenticators(ctx)
    if (!account) return
    await deps.audit.record({ event: 'person.data-taken', ...actorOf(ctx), personId: account.person.id })
    ctx.set('content-disposition', 'attachment; filename="yideng-my-data.json"')
    ctx.type = 'application/json'
    ctx.body = `${JSON.stringify(await myData(deps, account.person), null, 2)}\n`
  })
}
