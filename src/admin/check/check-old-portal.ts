import { randomUUID } from 'node:crypto'
import type { Client } from '../../clients/clients.ts'
import { logoutMessage } from '../../protocols/cas/logout-message.ts'
import { Browser } from './browser.ts'
import type { FaultyLegacy, OldSeen } from './faulty-legacy.ts'
import { casFaults, casLogoutFaults, rightOldSignIn, tifFaults, type OldFault } from './old-faults.ts'
import {
  CannotCheck,
  findInside,
  holds,
  notLed,
  openStart,
  postTo,
  resultOf,
  verdict,
  whenReady,
  type Check,
  type CheckedPortal,
  type InsideOf,
} from './signed-in-page.ts'

interface OldPortal extends CheckedPortal {
  client: Client
  provider: FaultyLegacy
}

/**
 * Signs in at an old portal like a browser, once with each fault of its protocol.
 * @throws CannotCheck
 */
export async function checkOldPortal(
  portal: OldPortal & { waitMs: number },
  progress: (done: number, total: number) => void,
): Promise<Check[]> {
  const isCas = portal.client.legacy === 'cas'
  const faults = isCas ? casFaults : tifFaults
  const first = await whenReady(portal, async () => successful(await signIn(portal, rightOldSignIn)))
  const insideOf = await findInside(portal, first)
  const checks: Check[] = [requestOf(first.seen)]
  const total = faults.length + 3 + (isCas ? casLogoutFaults.length : 0)
  const add = (check: Check) => {
    checks.push(check)
    progress(checks.length, total)
  }
  for (const fault of faults) {
    const { browser } = await signIn(portal, fault)
    add(resultOf(fault, verdict(await insideOf(browser))))
  }
  add(await madeUp(portal, insideOf))
  add(await replayed(portal, insideOf))
  if (isCas) for (const fault of casLogoutFaults) add(await logoutCheck(portal, fault, insideOf))
  progress(total, total)
  return checks
}

/** @throws NotReady where the portal does not redirect to the provider */
async function signIn({ provider, start, clock }: OldPortal, fault: OldFault) {
  const browser = new Browser(clock)
  provider.use(fault)
  const page = await openStart(browser, start)
  const seen = provider.seen()
  if (!seen) throw notLed(start, provider.address, page)
  return { browser, page, seen }
}

type SignedIn = Awaited<ReturnType<typeof signIn>>

/** @throws CannotCheck where a sign-in without a fault does not succeed */
function successful(signedIn: SignedIn): SignedIn {
  const { seen, page } = signedIn
  const why = !seen.registered
    ? `its address ${seen.asked} is not a registered one`
    : seen.calls === 0
      ? 'its server never asked about the answer'
      : page.status >= 400
        ? `it ends with status ${page.status} at ${page.url}`
        : undefined
  if (why === undefined) return signedIn
  throw new CannotCheck(`A sign-in without a fault does not succeed: ${why}.`)
}

function requestOf({ registered, callsFit }: OldSeen): Check {
  const meaning = 'names a registered address, and the same one when its server asks'
  return { name: 'request', meaning, must: 'accepted', was: holds(registered && callsFit) }
}

/** A stranger writes a ticket or code: the portal must ask before it believes. */
async function madeUp(portal: OldPortal, insideOf: InsideOf): Promise<Check> {
  const { seen } = await signIn(portal, rightOldSignIn)
  const stranger = new Browser(portal.clock)
  await stranger.open(portal.provider.madeUp(seen.asked))
  const meaning = 'a made-up ticket or code'
  return { name: 'made-up', meaning, must: 'refused', was: verdict(await insideOf(stranger)) }
}

/** A stranger reads an address in a log or history, and opens it. */
async function replayed(portal: OldPortal, insideOf: InsideOf): Promise<Check> {
  const { page } = await signIn(portal, rightOldSignIn)
  const { answer = '' } = portal.provider.seen() ?? {}
  const callback = page.way.find((url) => url.includes(answer)) ?? page.url
  const stranger = new Browser(portal.clock)
  await stranger.open(callback)
  const meaning = 'the answer of a sign-in that is over, opened in another browser'
  return { name: 'replayed-answer', meaning, must: 'refused', was: verdict(await insideOf(stranger)) }
}

async function logoutCheck(
  portal: OldPortal,
  fault: (typeof casLogoutFaults)[number],
  insideOf: InsideOf,
): Promise<Check> {
  const { browser, seen } = await signIn(portal, rightOldSignIn)
  const ticket = fault.name === 'logout' ? seen.answer : `ST-${randomUUID()}`
  const logoutRequest = logoutMessage({ id: `LR-${randomUUID()}`, ticket, now: portal.clock() })
  await postTo(seen.asked, new URLSearchParams({ logoutRequest }))
  return resultOf(fault, holds((await insideOf(browser)) === undefined))
}
