import {
  addCookieKey,
  cookieKeyState,
  cookieOverlapMs,
  forgetCookieKeys,
  openCookieKeys,
  replacedAt,
} from '../../keys/cookie-keys.ts'
import { failed, iso, notFound, type Outcome } from '../outcome.ts'
import type { CommandContext } from '../command-context.ts'
import { overtaken } from './overtaken.ts'

/** The cookie keys, with the state of each and the time from which an old one may be retired. */
export async function cookieKeyStates(context: Pick<CommandContext, 'settings' | 'clock'>) {
  const { keysDir, lifetimes } = await context.settings()
  const keys = openCookieKeys(keysDir)
  const now = context.clock()
  // a form is valid as long as its session
  const longestMs = Math.max(...Object.values(lifetimes)) * 1000
  return keys.map((key) => {
    const retirableFrom = replacedAt(keys, key, now) + longestMs
    return { key, state: cookieKeyState(keys, key, now), retirable: retirableFrom <= now, retirableFrom }
  })
}

/** Makes a new key. Every process accepts it before one uses it. */
export async function rotateCookie(context: CommandContext, now: boolean): Promise<Outcome> {
  const { audit, keysChanged, settings } = await context.services()
  const waiting = (await cookieKeyStates(context)).find(({ state }) => state === 'waits')
  if (waiting && !now)
    return failed(`A new key waits already; it is used from ${iso(waiting.key.usedFrom ?? 0)}. With --now: at once.`)
  const useFrom = context.clock() + (now ? 0 : cookieOverlapMs)
  const added = addCookieKey(settings.keysDir, useFrom)
  await keysChanged()
  if (!openCookieKeys(settings.keysDir).some(({ id, usedFrom }) => id === added && usedFrom === useFrom))
    return overtaken
  await audit.record({ event: 'keys.rotated', actor: context.actor, details: { kind: 'cookie', keys: [added], now } })
  const notes = [
    now
      ? 'Used now. A process that does not have the key yet refuses new forms: send them again.'
      : 'Accepted now. Signatures of the old key are accepted until they end; then: npx yideng keys retire --kind cookie',
  ]
  return { ok: true, document: { added: [added], use_from: iso(useFrom) }, notes }
}

export async function retireCookie(context: CommandContext, id: string | undefined, now: boolean): Promise<Outcome> {
  const { audit, keysChanged, settings } = await context.services()
  const keys = await cookieKeyStates(context)
  const one = keys.find(({ key }) => key.id === id)
  if (id !== undefined && !one) return notFound('cookie key', id)
  if (one && one.state !== 'verifies')
    return failed('This key signs now or later. First: npx yideng keys rotate --kind cookie --now')
  if (now && !one) return failed('Name the leaked key.')
  if (one && !one.retirable && !now)
    return failed(
      `Forms with its signature may still be open. It may be retired from ${iso(one.retirableFrom)}. If it leaked: --now`,
    )
  const going = (one ? [one] : keys.filter(({ retirable }) => retirable)).map(({ key }) => key.id)
  if (going.length > 0) {
    forgetCookieKeys(settings.keysDir, new Set(going))
    await keysChanged()
    if (openCookieKeys(settings.keysDir).some(({ id: left }) => going.includes(left))) return overtaken
    await audit.record({ event: 'keys.retired', actor: context.actor, details: { kind: 'cookie', keys: going, now } })
  }
  return { ok: true, document: { retired: going }, notes: going.length > 0 ? [] : ['No key can be retired yet.'] }
}
