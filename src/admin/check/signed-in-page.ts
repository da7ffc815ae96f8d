import type { Clock } from '../../config/clock.ts'
import { Browser, type Page } from './browser.ts'
import type { Fault, Verdict } from './faults.ts'
import { marks } from './made-up-person.ts'

/** One property of a portal, as it must be and as it was. */
export interface Check {
  name: string
  meaning: string
  must: Verdict
  /** `unknown`: no act of the portal shows it. */
  was: Verdict | 'unknown'
}

/** The portal cannot be checked; the message is the reason. */
export class CannotCheck extends Error {}

/** The portal does not answer, or does not use this provider yet. */
export class NotReady extends CannotCheck {}

/** A portal under check, of any protocol. */
export interface CheckedPortal {
  /** Where a sign-in begins. */
  start: string
  /** A page that differs for a signed-in person. */
  page: string | undefined
  clock: Clock
}

export const verdict = (inside: string | undefined): Verdict => (inside === undefined ? 'refused' : 'accepted')
export const holds = (right: boolean): Verdict => (right ? 'accepted' : 'refused')

/** A fault with what the portal did. */
export const resultOf = (
  { name, meaning, must }: Pick<Fault, 'name' | 'meaning' | 'must'>,
  was: Check['was'],
): Check => ({ name, meaning, must, was })

const pauseMs = 500

/**
 * Repeats a sign-in until the portal answers and uses the provider of the check.
 * @throws CannotCheck
 */
export async function whenReady<T>(
  { clock, waitMs }: { clock: Clock; waitMs: number },
  attempt: () => Promise<T>,
): Promise<T> {
  const end = clock() + waitMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof NotReady) || clock() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

/**
 * Opens the page where a sign-in begins, and follows it to its end.
 * @throws NotReady where the portal does not answer
 */
export const openStart = (browser: Browser, start: string): Promise<Page> =>
  browser.open(start).catch((error: unknown) => {
    throw new NotReady(`${start} does not answer: ${reasonOf(error)}`)
  })

/** The error for a portal that did not redirect to the provider of the check. */
export function notLed(start: string, issuer: string, { way, url, status }: Page): NotReady {
  const end = way.length > 1 ? ` It redirects to ${new URL(url).origin}${new URL(url).pathname}.` : ''
  return new NotReady(`${start} does not redirect to a sign-in at ${issuer} (status ${status}).${end}`)
}

/** The text of a page for a signed-in person; undefined where the browser is not signed in. */
export type InsideOf = (browser: Browser) => Promise<string | undefined>

/** The properties of a page that show whether the browser is signed in. */
async function lookOf(browser: Browser, page: string) {
  const { status, text, location } = await browser.request(page)
  const target = location === undefined ? '' : new URL(location).origin + new URL(location).pathname
  return { response: `${status} ${target}`, marked: marks.some((mark) => text.includes(mark)), text }
}

/**
 * Finds a page that differs for a signed-in person, and returns a test by that page.
 * @throws CannotCheck where no page does
 */
export async function findInside(
  portal: CheckedPortal,
  { browser: signedIn, page: landing }: { browser: Browser; page: Page },
): Promise<InsideOf> {
  const pages = portal.page === undefined ? [landing.url, new URL('/', portal.start).href] : [portal.page]
  for (const page of pages) {
    const inside = await lookOf(signedIn, page)
    const outside = await lookOf(new Browser(portal.clock), page)
    const differs = inside.response !== outside.response || inside.marked !== outside.marked
    // otherwise compare the whole text, if it is the same for two browsers without a session
    const second = differs ? outside : await lookOf(new Browser(portal.clock), page)
    if (!differs && (second.text !== outside.text || inside.text === outside.text)) continue
    return async (browser) => {
      const { response, marked, text } = await lookOf(browser, page)
      const isInside = response === inside.response && (differs ? marked === inside.marked : text !== outside.text)
      return isInside ? text : undefined
    }
  }
  throw new CannotCheck(
    'No page of the portal differs for a signed-in person: name one with --page (one that shows the name, or needs a sign-in).',
  )
}

/** Posts a form to a portal, as the provider does. @throws CannotCheck where it does not answer */
export async function postTo(uri: string, body: URLSearchParams): Promise<void> {
  const answer = await fetch(uri, {
    method: 'POST',
    redirect: 'manual',
    body,
    signal: AbortSignal.timeout(10_000),
  }).catch((error: unknown) => {
    throw new CannotCheck(`${uri} does not answer: ${reasonOf(error)}`)
  })
  await answer.body?.cancel()
}

const reasonOf = (error: unknown) => {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message} (${cause.message})` : message
}
