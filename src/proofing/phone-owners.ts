import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { postTo, read, VendorFailed, type VendorFetch } from './vendor-calls.ts'

/** The question whether a number is this person's; values are normalised by src/accounts/identifiers. */
export interface OwnerClaim {
  /** E.164. */
  phone: string
  documentType: string
  documentNumber: string
  /** As the person wrote it, normalised; carriers compare the three elements. */
  name: string
}

/** The source that says whose a telephone number is: the carriers' check of name, number and phone (三要素). */
export interface PhoneOwners {
  /** `unreachable` is a normal outcome: the account stays at its level. */
  isOwner(claim: OwnerClaim): Promise<'match' | 'no_match' | 'unreachable'>
}

/** No source: no number is known to be a person's. */
export const noPhoneOwners: PhoneOwners = { isOwner: async () => 'no_match' }

/** The embedded stand-in for the carriers: a table filled by `yideng register import --kind phones`. */
export interface EmbeddedPhoneRegister extends PhoneOwners {
  /** Adds numbers, or replaces the owner of those already there. */
  add(transaction: DatabaseTransaction, numbers: Omit<OwnerClaim, 'name'>[]): Promise<void>
}

/** Stores keyed fingerprints only. The population register compares the name with the same document. */
export function createEmbeddedPhoneRegister(options: {
  database: Database
  blindIndex: BlindIndex
  clock: Clock
}): EmbeddedPhoneRegister {
  const { database, blindIndex, clock } = options
  const rowOf = ({ phone, documentType, documentNumber }: Omit<OwnerClaim, 'name'>) => ({
    phone_index: blindIndex('register.phone', phone),
    // bound to the number, so that the numbers of one person are not visible
    owner_index: blindIndex('register.phone-owner', `${phone}:${documentType}:${documentNumber}`),
  })
  return {
    async isOwner(claim) {
      const { phone_index, owner_index } = rowOf(claim)
      const row = await database
        .selectFrom('phone_register')
        .select('owner_index')
        .where('phone_index', '=', phone_index)
        .executeTakeFirst()
      return row?.owner_index === owner_index ? 'match' : 'no_match'
    },
    async add(transaction, numbers) {
      const imported_at = clock()
      await transaction
        .insertInto('phone_register')
        .values(numbers.map((one) => ({ ...rowOf(one), imported_at })))
        .onConflict((conflict) =>
          conflict
            .column('phone_index')
            .doUpdateSet((row) => ({ owner_index: row.ref('excluded.owner_index'), imported_at })),
        )
        .execute()
    },
  }
}

export const ownersWebhook = z.strictObject({
  url: z.url(),
  /** Shared secret for the signatures of questions and answers. */
  secret: z.string().min(32),
})

const verdict = z.object({ nonce: z.string(), result: z.enum(['match', 'no_match']), signature: z.string() })

/** HMAC-SHA256 in hexadecimal of a question. @internal */
export const signQuestion = (secret: string, body: string): string =>
  createHmac('sha256', secret).update(`question\n${body}`).digest('hex')

/** HMAC-SHA256 in hexadecimal of an answer: it fits one question only, by its nonce. @internal */
export const signVerdict = (secret: string, { nonce, result }: { nonce: string; result: string }): string =>
  createHmac('sha256', secret).update(`verdict\n${nonce}\n${result}`).digest('hex')

/** The carriers' check through a service of the province. Both sides sign: an answer can be neither forged nor replayed. */
export function webhookPhoneOwners(
  fetch: VendorFetch,
  { url, secret }: z.infer<typeof ownersWebhook>,
  newNonce: () => string,
): PhoneOwners {
  async function ask({ phone, documentType, documentNumber, name }: OwnerClaim) {
    const nonce = newNonce()
    const body = JSON.stringify({ nonce, phone, document_type: documentType, document_number: documentNumber, name })
    const headers = { 'content-type': 'application/json', 'x-yideng-signature': signQuestion(secret, body) }
    const { text } = await postTo(fetch, url, headers, body)
    const answer = read(verdict, text)
    const expected = Buffer.from(signVerdict(secret, { nonce, result: answer.result }))
    const given = Buffer.from(answer.signature)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new VendorFailed('not signed')
    return answer.result
  }
  return {
    async isOwner(claim) {
      try {
        return await ask(claim)
      } catch (error) {
        if (error instanceof VendorFailed) return 'unreachable'
        throw error
      }
    },
  }
}
