import type { Administrator } from '../accounts/administrators.ts'
import { isPeer } from '../accounts/administrators.ts'
import { metadataAfter } from '../clients/client.ts'
import { parseClientMetadata, type ClientMetadata } from '../clients/metadata.ts'
import { changesOf, metadataOf } from './clients/registration-fields.ts'
import { nameOf, type Command, type Input } from './command.ts'
import type { Services } from '../services.ts'

/**
 * Separation of duties: what a command touches decides who must agree, not the id that it names. For commands from afar; whoever
 * works on the server itself is asked nothing.
 */
export type Agreement = 'nobody' | 'second' | 'peers'

/** What a command may touch, and who besides its requester must agree to that. */
export const agreements = {
  'what may be seen': 'nobody',
  'a portal': 'nobody',
  'an organisation': 'nobody',
  'an account': 'nobody',
  'signing keys': 'nobody',
  'a request that waits': 'nobody',
  // whoever ends or locks their peers alone is the only one left who decides, and nobody could end them in turn
  'the power of an account': 'peers',
  'the power of an administrator': 'peers',
  'who administers': 'second',
  'the level of an account': 'second',
  'who has a document number': 'second',
  'a way into an account': 'second',
  'personal data, shown whole': 'second',
  'identity or phone number given to a portal without asking': 'second',
  'an organisation that no register names': 'second',
  'what cannot be undone': 'second',
} as const satisfies Record<string, Agreement>

export type Touch = keyof typeof agreements

export interface Duty {
  touches: readonly Touch[]
  /** What it touches with some input only: in words for the documentation, and how to tell. */
  sometimes?: { touch: Touch; when: string; is(services: Services, input: Input): Promise<boolean> }
  /** The answer, or a secret of the input, is for the requester alone: a second one releases it, and it is given once more. */
  secret?: true
  /** Every account whose power it may end, the one it names included. */
  accounts?(services: Services, input: Input): Promise<string[]>
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')
const named = async (_house: Services, { id }: Input) => [text(id)]

/** Everybody who may lose the number, besides the one who proves it. */
async function withRivals({ persons, faceProofs }: Services, { id }: Input): Promise<string[]> {
  const person = await persons.find(text(id))
  return [text(id), ...(person ? await faceProofs.rivalsOf(person) : [])]
}

/** What a portal is registered with once the command is done; undefined where the command will refuse its input. */
export async function portalAfter(
  { clients }: Services,
  { id, ...input }: Input,
): Promise<{ before?: ClientMetadata; after: ClientMetadata } | undefined> {
  const before = id === undefined ? undefined : await clients.find(text(id))
  if (id !== undefined && !before) return undefined
  const parsed = before ? metadataAfter(before, changesOf(input)) : parseClientMetadata(metadataOf(input))
  return parsed.ok ? { ...(before ? { before } : {}), after: parsed.metadata } : undefined
}

const silentScopes: ReadonlySet<string> = new Set(['identity', 'phone'])

const silentPortal = {
  touch: 'identity or phone number given to a portal without asking',
  when: 'with consent implicit and scope identity or phone, as it is after the command',
  async is(services: Services, input: Input) {
    const after = (await portalAfter(services, input))?.after
    return after?.consent === 'implicit' && after.scope.some((one) => silentScopes.has(one))
  },
} as const

const vouchedOrganisation = {
  touch: 'an organisation that no register names',
  when: 'where the business register does not have the organisation',
  is: async ({ businessRegister }: Services, { uscc }: Input) =>
    (await businessRegister.look(text(uscc).trim().toUpperCase())).outcome !== 'found',
} as const

const opening = {
  touch: 'the level of an account',
  when: 'unless with --level 2',
  is: async (_house: Services, { level }: Input) => level !== 2,
} as const

/** Every command that may be given from afar; a command without an entry is refused there, and fails the tests. */
export const duties: Readonly<Record<string, Duty>> = {
  'client create': { touches: ['a portal'], sometimes: silentPortal, secret: true },
  'client list': { touches: ['what may be seen'] },
  'client show': { touches: ['what may be seen'] },
  'client update': { touches: ['a portal'], sometimes: silentPortal, secret: true },
  'client rotate-secret': { touches: ['a portal'] },
  'client suspend': { touches: ['a portal'] },
  'client resume': { touches: ['a portal'] },
  'client delete': { touches: ['a portal', 'what cannot be undone'] },
  'client export': { touches: ['what may be seen'] },
  'person create': { touches: ['an account'], sometimes: opening, secret: true },
  'person list': { touches: ['what may be seen'] },
  'person show': { touches: ['what may be seen'] },
  'person reveal': { touches: ['personal data, shown whole'], secret: true },
  'person lock': { touches: ['the power of an account'], accounts: named },
  'person unlock': { touches: ['the power of an account'], accounts: named },
  'person prove': {
    touches: ['the level of an account', 'who has a document number', 'the power of an account'],
    accounts: withRivals,
  },
  'person keep-number': { touches: ['who has a document number'] },
  'person agree-face': { touches: ['an account'] },
  'person withdraw-face': { touches: ['an account'] },
  // the link opens the account: one administrator alone could make another one their second
  'person reset-password': { touches: ['a way into an account'], secret: true },
  'org create': { touches: ['an organisation'], sometimes: vouchedOrganisation },
  'org list': { touches: ['what may be seen'] },
  'org show': { touches: ['what may be seen'] },
  'org suspend': { touches: ['an organisation'] },
  'org resume': { touches: ['an organisation'] },
  'org mandates': { touches: ['what may be seen'] },
  'keys list': { touches: ['what may be seen'] },
  'keys export': { touches: ['what may be seen'] },
  'keys rotate': { touches: ['signing keys'] },
  'keys retire': { touches: ['signing keys'] },
  'audit list': { touches: ['what may be seen'] },
  'audit receipt': { touches: ['what may be seen'] },
  'admin grant': { touches: ['who administers'], accounts: named },
  'admin list': { touches: ['what may be seen'] },
  'admin revoke': { touches: ['the power of an administrator'], accounts: named },
  'approval list': { touches: ['what may be seen'] },
  'approval approve': { touches: ['a request that waits'] },
  'approval refuse': { touches: ['a request that waits'] },
}

/** Undefined for a command without an entry. */
export const dutyOf = (command: Pick<Command, 'noun' | 'verb'>): Duty | undefined =>
  Object.hasOwn(duties, nameOf(command)) ? duties[nameOf(command)] : undefined

/** What a command touches with this input, and every account that may lose its power by it. */
export async function touchedBy(services: Services, duty: Duty, input: Input) {
  const more = duty.sometimes && (await duty.sometimes.is(services, input)) ? [duty.sometimes.touch] : []
  const accounts = duty.accounts ? await duty.accounts(services, input) : []
  return { touches: [...duty.touches, ...more], accounts }
}

/** Whether a second administrator must agree to what this one asks for. */
export async function needsSecond(services: Services, own: Administrator, duty: Duty, input: Input): Promise<boolean> {
  const { touches, accounts } = await touchedBy(services, duty, input)
  const needed = new Set(touches.map((touch): Agreement => agreements[touch]))
  if (needed.has('second')) return true
  if (!needed.has('peers')) return false
  const administrators = await Promise.all(accounts.map((id) => services.administrators.find(id)))
  return administrators.some((other) => other !== undefined && isPeer(own, other))
}
