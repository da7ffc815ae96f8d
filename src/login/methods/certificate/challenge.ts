import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import type { FieldCipher } from '../../../keys/field-cipher.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { hashId } from '../../../storage/hash-id.ts'

/**
 * Seconds that a challenge counts.
 * @internal for tests
 */
export const challengeSeconds = 300
const challengeBytes = 32
const aad = 'certificate-challenge'
const used = 'certificate-used'
const longest = 1000

/** What a challenge is for: no signature for one login counts in another, nor for another portal. */
export interface Purpose {
  /** Of the running login, which belongs to one browser. */
  attempt: string
  clientId: string
}

export interface Challenge {
  /** The exact text that the certificate signs. */
  text: string
  /** The form sends it back. It is sealed: no browser can make one, nor learn or change its purpose. */
  ticket: string
}

/** Challenges of sign-ins by certificate. A look at a page stores nothing: only a try does, for five minutes. */
export interface CertificateChallenges {
  issue(purpose: Purpose): Challenge
  /** The text of a ticket, once; undefined where it was used, is of another login or portal, or is older than five minutes. */
  take(ticket: string, purpose: Purpose): Promise<string | undefined>
}

const schema = z.tuple([z.string(), z.string(), z.string(), z.number()])

/** The first line separates these signatures from all others of the same key. */
const textOf = (issuer: string, { attempt, clientId }: Purpose, challenge: string): string =>
  ['yideng-cert-1', issuer, attempt, clientId, challenge].join('\n')

export function createChallenges(deps: {
  issuer: string
  cipher: FieldCipher
  artifacts: Pick<Artifacts, 'add'>
  clock: Clock
}): CertificateChallenges {
  const { issuer, cipher, artifacts, clock } = deps
  return {
    issue(purpose) {
      const challenge = randomBytes(challengeBytes).toString('base64url')
      const { attempt, clientId } = purpose
      const ticket = cipher.seal(JSON.stringify([challenge, attempt, clientId, clock() + challengeSeconds * 1000]), aad)
      return { ticket, text: textOf(issuer, purpose, challenge) }
    },
    async take(ticket, purpose) {
      const [challenge, attempt, clientId, until = 0] = open(cipher, ticket) ?? []
      if (challenge === undefined || attempt !== purpose.attempt || clientId !== purpose.clientId || clock() >= until)
        return undefined
      // one of several requests gets it; the mark outlives the ticket
      const isFirst = await artifacts.add(used, hashId(challenge), '1', { ttl: challengeSeconds + 1 })
      return isFirst ? textOf(issuer, purpose, challenge) : undefined
    },
  }
}

function open(cipher: FieldCipher, ticket: string) {
  if (ticket.length > longest) return undefined
  try {
    return schema.parse(JSON.parse(cipher.open(ticket, aad)))
  } catch {
    // any text of a stranger
    return undefined
  }
}
