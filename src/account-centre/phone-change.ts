import { z } from 'zod'
import { byCarrier, byText, byWechat } from '../accounts/phone-proofs.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { updateArtifact } from '../storage/compare-and-set.ts'
import { hashId } from '../storage/hash-id.ts'

const kind = 'phone-change'
const changeSeconds = 900
const schema = z.object({
  /** E.164: the number on record when the change began, and the new one. */
  from: z.string(),
  to: z.string(),
  /** How the new one is proven; a carrier or WeChat has proven it before the change begins. */
  how: z.enum([byText, byCarrier, byWechat]),
  /** A right code was typed for it. */
  newProven: z.boolean(),
  oldProven: z.boolean(),
})

/** A change of the telephone number that one session has begun. */
export type Change = z.infer<typeof schema>

/** Changes in progress, sealed, each bound to the session that began it. */
export function createPhoneChanges({ artifacts, cipher }: { artifacts: Artifacts; cipher: FieldCipher }) {
  const idOf = (session: string) => hashId(`${kind}\0${session}`)
  const seal = (id: string, change: Change) => cipher.seal(JSON.stringify(change), `${kind}:${id}`)
  const open = (id: string, sealed: string) => schema.parse(JSON.parse(cipher.open(sealed, `${kind}:${id}`)))
  return {
    async begin(session: string, change: Pick<Change, 'from' | 'to' | 'how'>): Promise<Change> {
      const id = idOf(session)
      const begun = { ...change, newProven: change.how !== byText, oldProven: false }
      await artifacts.put(kind, id, seal(id, begun), { ttl: changeSeconds })
      return begun
    },
    async read(session: string): Promise<Change | undefined> {
      const id = idOf(session)
      const sealed = await artifacts.get(kind, id)
      return sealed === undefined ? undefined : open(id, sealed)
    },
    /** Notes a right code for one of the numbers of this very change. */
    prove: (session: string, which: 'newProven' | 'oldProven', to: string) =>
      updateArtifact<boolean>(artifacts, { kind, id: idOf(session) }, (before) => {
        const id = idOf(session)
        const change = before === undefined ? undefined : open(id, before)
        if (change?.to !== to) return { result: false }
        return { value: seal(id, { ...change, [which]: true }), result: true }
      }),
    end: (session: string) => artifacts.remove(kind, idOf(session)),
  }
}
