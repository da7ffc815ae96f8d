import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { CDPSession, Page } from 'playwright-core'

/** The authenticator of the device itself, as WebAuthn's automation has it (Level 3, 11). */
export async function authenticatorOf(page: Page, overrides: Record<string, unknown> = {}) {
  const cdp: CDPSession = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const device = await addTo(cdp, overrides)
  return {
    ...device,
    /** Another authenticator at the same page. */
    beside: (others: Record<string, unknown>) => addTo(cdp, others),
  }
}

async function addTo(cdp: CDPSession, overrides: Record<string, unknown>) {
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...overrides,
    },
  })
  return {
    authenticatorId,
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    verifies: (isUserVerified: boolean) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    answers: (enabled: boolean) => cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }),
    /** Puts a passkey with this user handle (Base64) into it, with a key of its own, and returns its id. */
    async put(rpId: string, userHandle: string): Promise<string> {
      const credentialId = randomBytes(32).toString('base64')
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      await cdp.send('WebAuthn.addCredential', {
        authenticatorId,
        credential: {
          credentialId,
          isResidentCredential: true,
          rpId,
          privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
          userHandle,
          signCount: 1,
        },
      })
      return credentialId
    },
    remove: () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
  }
}
