import { z } from 'zod'
import type { FieldCipher } from '../../../keys/field-cipher.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { updateArtifact } from '../../../storage/compare-and-set.ts'
import { hashId } from '../../../storage/hash-id.ts'

/** Seconds: as long as a running login usually has. */
const stateSeconds = 600
const kind = 'sms-login'
/** Tries of the document number, after a right code for a number of several persons. */
const mostTries = 5

const schema = z.object({
  /** E.164. */
  phone: z.string(),
  /** A right code was typed, and the number is of several persons: their document number decides. */
  proven: z.boolean(),
  tries: z.number(),
})

export type SmsState = z.infer<typeof schema>

/** The number that was typed in a running login, sealed. A login belongs to one browser, and so does its number. */
export interface SmsStates {
  begin(attempt: string, phone: string): Promise<void>
  read(attempt: string): Promise<SmsState | undefined>
  /** After a right code. */
  prove(attempt: string): Promise<void>
  /** Counts a try of a document number; false where there may be no further one. */
  mayTry(attempt: string): Promise<boolean>
  end(attempt: string): Promise<void>
}

export function createSmsStates({ artifacts, cipher }: { artifacts: Artifacts; cipher: FieldCipher }): SmsStates {
  const idOf = (attempt: string) => hashId(`${kind}\0${attempt}`)
  const seal = (id: string, state: SmsState) => cipher.seal(JSON.stringify(state), `${kind}:${id}`)
  const open = (id: string, sealed: string) => schema.parse(JSON.parse(cipher.open(sealed, `${kind}:${id}`)))

  return {
    async begin(attempt, phone) {
      const id = idOf(attempt)
      await artifacts.put(kind, id, seal(id, { phone, proven: false, tries: 0 }), { ttl: stateSeconds })
    },
    async read(attempt) {
      const id = idOf(attempt)
      const sealed = await artifacts.get(kind, id)
      return sealed === undefined ? undefined : open(id, sealed)
    },
    prove: (attempt) =>
      updateArtifact<undefined>(artifacts, { kind, id: idOf(attempt) }, (before) =>
        before === undefined
          ? { result: undefined }
          : { value: seal(idOf(attempt), { ...open(idOf(attempt), before), proven: true }), result: undefined },
      ),
    mayTry: (attempt) =>
      updateArtifact(artifacts, { kind, id: idOf(attempt) }, (before) => {
        const state = before === undefined ? undefined : open(idOf(attempt), before)
        if (!state?.proven || state.tries >= mostTries) return { result: false }
        return { value: seal(idOf(attempt), { ...state, tries: state.tries + 1 }), result: true }
      }),
    end: (attempt) => artifacts.remove(kind, idOf(attempt)),
  }
}
