import { addPasskey, signInByPasskey } from '../test/setup/passkey.ts'
import { signedInPhone } from '../test/setup/qr.ts'
import { SoftwareAuthenticator } from '../test/setup/software-authenticator.ts'
import type { Page, Visitor } from '../test/setup/visitor.ts'
import { authorizePath, type Target } from './flow.ts'

/** A known browser of a person, with a passkey of its own. */
export interface PasskeyBrowser {
  username: string
  browser: Visitor
  enter(page: Page): Promise<Page>
}

/** Enrols a passkey for a browser, and signs in once. Browsers of one person have their own, because a counter counts one use at a time. */
export async function settle(target: Target, username: string): Promise<PasskeyBrowser> {
  const browser = await signedInPhone(target.origin, { username })
  const authenticator = new SoftwareAuthenticator(target.origin)
  await addPasskey(browser, authenticator)
  const enter = (page: Page) => signInByPasskey(browser, page, authenticator)
  await signInAt(target, browser, enter)
  return { username, browser, enter }
}

const signOut = (browser: Visitor) => {
  browser.cookies = browser.cookies.filter(({ name }) => !name.includes('session'))
}

/** A full sign-in: authorization request, sign-in page, proof, return to the portal with a code. */
export async function signInAt(target: Target, browser: Visitor, enter: (page: Page) => Promise<Page>): Promise<void> {
  signOut(browser)
  const entered = await enter(await browser.get(authorizePath(target, 'v'.repeat(43), 'bench')))
  // the first sign-in of a person offers recovery codes
  const [, offer] = /action="\/login\/[\w-]+(\/codes|\/possession)"/.exec(entered.html) ?? []
  const page = offer === undefined ? entered : await browser.submit(entered, offer, { decision: 'later' })
  if (!page.leads?.searchParams.get('code')) throw new Error(`no code: ${page.html.slice(0, 2000)}`)
}
