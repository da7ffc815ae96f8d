import { randomInt } from 'node:crypto'
import type { z } from 'zod'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { updateArtifact, type ArtifactChange } from '../storage/compare-and-set.ts'
import { hashId } from '../storage/hash-id.ts'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 27 of 62 characters are 160 bits. */
const length = 27

/** A secret of 160 bits, base62: WeChat takes no other characters in `state`. */
export const freshSecret = (): string => Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')

/** Values of one kind in the artifact store. Each is found by a secret, and sealed: it names a running login and a person. */
export interface SealedArtifacts<Value> {
  /** @param ttl seconds */
  put(secret: string, value: Value, ttl: number): Promise<void>
  read(secret: string): Promise<Value | undefined>
  /** Reads and removes: one of several callers gets it. */
  take(secret: string): Promise<Value | undefined>
  /** By compare-and-set; `change` may run again. @param ttl seconds */
  update<Result>(
    secret: string,
    change: (before: Value | undefined) => { value?: Value; result: Result },
    ttl?: number,
  ): Promise<Result>
}

export function sealedArtifacts<Value>(
  { artifacts, cipher }: { artifacts: Artifacts; cipher: FieldCipher },
  kind: string,
  schema: z.ZodType<Value>,
): SealedArtifacts<Value> {
  const idOf = (secret: string) => hashId(`${kind}\0${secret}`)
  const seal = (id: string, value: Value) => cipher.seal(JSON.stringify(value), `${kind}:${id}`)
  const open = (id: string, sealed: string) => schema.parse(JSON.parse(cipher.open(sealed, `${kind}:${id}`)))
  const opened = (id: string, sealed: string | undefined) => (sealed === undefined ? undefined : open(id, sealed))
  return {
    put: (secret, value, ttl) => artifacts.put(kind, idOf(secret), seal(idOf(secret), value), { ttl }),
    read: async (secret) => opened(idOf(secret), await artifacts.get(kind, idOf(secret))),
    take: async (secret) => opened(idOf(secret), await artifacts.take(kind, idOf(secret))),
    update<Result>(
      secret: string,
      change: (before: Value | undefined) => { value?: Value; result: Result },
      ttl?: number,
    ) {
      const id = idOf(secret)
      const entry = { kind, id, ...(ttl === undefined ? {} : { ttl }) }
      return updateArtifact<Result>(artifacts, entry, (before): ArtifactChange<Result> => {
        const { value, result } = change(opened(id, before))
        return value === undefined ? { result } : { value: seal(id, value), result }
      })
    },
  }
}
