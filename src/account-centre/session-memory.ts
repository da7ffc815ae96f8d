import type { z } from 'zod'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { AccountContext } from '../login/method.ts'
import type { Artifacts } from '../storage/artifacts.ts'

export interface SessionMemoryDeps {
  artifacts: Artifacts
  cipher: FieldCipher
}

/** What one session of one person stores for a while, sealed. `id` names one of several of a kind. */
export interface SessionMemory<T> {
  put(deps: SessionMemoryDeps, account: AccountContext, value: T, id?: string): Promise<void>
  /** Undefined where nothing was put, or its time is over. */
  read(deps: SessionMemoryDeps, account: AccountContext, id?: string): Promise<T | undefined>
  /** As `read`, for one caller only. */
  take(deps: SessionMemoryDeps, account: AccountContext, id?: string): Promise<T | undefined>
  remove(deps: Pick<SessionMemoryDeps, 'artifacts'>, account: AccountContext, id?: string): Promise<void>
}

/** The session and the person, as the place of a memory in the store. */
export const holderOf = ({ session, person }: AccountContext, id?: string): string =>
  [session.uid, person.id, ...(id === undefined ? [] : [id])].join(' ')

/** @param kind the kind of artifact; also binds the sealed text to it */
export function sessionMemory<T>(kind: string, schema: z.ZodType<T>, seconds: number): SessionMemory<T> {
  const opened = (cipher: FieldCipher, holder: string, sealed: string | undefined) =>
    sealed === undefined ? undefined : schema.parse(JSON.parse(cipher.open(sealed, `${kind}:${holder}`)))
  return {
    put({ artifacts, cipher }, account, value, id) {
      const holder = holderOf(account, id)
      return artifacts.put(kind, holder, cipher.seal(JSON.stringify(value), `${kind}:${holder}`), { ttl: seconds })
    },
    async read({ artifacts, cipher }, account, id) {
      const holder = holderOf(account, id)
      return opened(cipher, holder, await artifacts.get(kind, holder))
    },
    async take({ artifacts, cipher }, account, id) {
      const holder = holderOf(account, id)
      return opened(cipher, holder, await artifacts.take(kind, holder))
    },
    remove: ({ artifacts }, account, id) => artifacts.remove(kind, holderOf(account, id)),
  }
}
