/** Loot of a thief who signed in with the person's passkey. */
export const liveThings = {
  session: 'Session that the thief began',
  other: 'Session of the owner in another browser, begun by password',
  own: 'Session that the remedy is used in',
  pending: 'Login that is proven and not picked up',
  qr: 'QR approval, not redeemed',
  device: 'Device approval, not redeemed',
  code: 'Authorization code',
  refresh: 'Refresh token',
  access: 'Access token',
  administrator: 'Token of an administrator',
} as const

export type LiveThing = keyof typeof liveThings

const all = Object.keys(liveThings) as LiveThing[]
const but = (...stay: LiveThing[]) => all.filter((thing) => !stay.includes(thing))

/** What each remedy must end; all else goes on. */
export const remedies = {
  one: { words: 'End one session', ends: but('own', 'other') },
  others: { words: 'End all other sessions', ends: but('own') },
  'not-me': { words: '“That was not me”', ends: but('own', 'other') },
  password: { words: 'Password changed', ends: but('own') },
  removed: { words: 'Passkey removed', ends: but('own', 'other') },
  'switched-off': { words: 'Way to sign in switched off', ends: but('own', 'other') },
  recovery: { words: 'Account recovered by a code', ends: all },
  text: { words: 'Account recovered by a text', ends: all },
  stop: { words: 'Recovery of a thief stopped', ends: all },
  lock: { words: 'Account locked, and unlocked again', ends: all },
  supersede: { words: 'Number proven for another account', ends: all },
  closing: { words: 'Account to be closed', ends: all },
  closed: { words: 'Account closed', ends: all },
  representation: { words: 'Mandate ended (what speaks for the represented)', ends: ['code', 'refresh', 'access'] },
} as const satisfies Record<string, { words: string; ends: readonly LiveThing[] }>

/** @internal */
export type Remedy = keyof typeof remedies
