import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { retryChange, ContentionError } from '../storage/compare-and-set.ts'
import type { Database } from '../storage/database.ts'
import { changeFact, readFact } from '../storage/store-facts.ts'
import type { FieldCipher } from './field-cipher.ts'
import { readSm2PublicKey, sm2PublicJwk, type Sm2PublicKey } from './guomi/sm2.ts'

/**
 * The public halves of all keys that ever signed documents of this store. The record is sealed under the data key, bound to its row:
 * write access to the store is not enough to put a key into it (decision 0264). A backup holds it. So
 * checkpoints and receipts are still checked where `signing.json` was lost.
 */
const fact = 'keys:public'
const aad = `house.value:${fact}`

const publicJwk = z.looseObject({ kid: z.string(), kty: z.string() })

/** A public key as a JSON Web Key (RFC 7517). */
export type PublicJwk = z.infer<typeof publicJwk>

const schema = z.array(publicJwk)

/** @throws Error for a key that is none */
export function publicKeyOf(key: JsonWebKey): KeyObject | Sm2PublicKey {
  const sm2 = sm2PublicJwk.safeParse(key).data
  return sm2 ? readSm2PublicKey(sm2) : createPublicKey({ key, format: 'jwk' })
}

/** The keys of a record; none where this machine's data keys did not seal it. */
function opened(cipher: Pick<FieldCipher, 'open'>, sealed: string | undefined): PublicJwk[] {
  if (sealed === undefined) return []
  try {
    return schema.parse(JSON.parse(cipher.open(sealed, aad)))
  } catch {
    // The cipher throws for a text that it did not seal. Its keys may be anyone's.
    return []
  }
}

/** The recorded keys; none where the record is missing, or is not sealed by these data keys. */
export const readRecordedKeys = async (database: Database, cipher: Pick<FieldCipher, 'open'>): Promise<PublicJwk[]> =>
  opened(cipher, await readFact(database, fact))

/** Adds public keys to the record. Keys never leave it. @throws ContentionError */
export async function recordKeys(
  database: Database,
  cipher: Pick<FieldCipher, 'open' | 'seal'>,
  keys: readonly object[],
): Promise<void> {
  const own = schema.parse(keys)
  const done = await retryChange(async () => {
    const before = await readFact(database, fact)
    const recorded = opened(cipher, before)
    const known = new Set(recorded.map(({ kid }) => kid))
    const added = own.filter(({ kid }) => !known.has(kid))
    if (added.length === 0) return true
    const after = cipher.seal(JSON.stringify([...recorded, ...added]), aad)
    return (await changeFact(database, fact, before, after)) || undefined
  })
  if (!done) throw new ContentionError(fact)
}
