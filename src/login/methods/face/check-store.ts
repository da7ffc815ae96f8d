import { z } from 'zod'
import type { Counted } from '../../../config/address-networks.ts'
import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import { facePurposes, type FacePurpose } from '../../../proofing/face/face-verifier.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { updateArtifact } from '../../../storage/compare-and-set.ts'

/** A face verification: person, purpose, and the running login or session that it is bound to. */
export interface Checked {
  /** The source of the pictures: one capture of it is received at a time. */
  who: string
  /** The counts that a capture adds to, the narrowest first. */
  counted: readonly Counted[]
  /** Undefined at a kiosk for an account that may not use a face: the verification runs all the same, and fails. */
  person: NaturalPerson | undefined
  purpose: FacePurpose
  holder: string
}

/** A running verification as it is stored; the verifier's own state is sealed. */
const running = z.object({
  who: z.string(),
  purpose: z.enum(facePurposes),
  holder: z.string(),
  returnUrl: z.string(),
  /** Milliseconds since 1970 UTC: a result that comes later does not count. */
  until: z.number(),
  /** Compared with no photograph: the register does not have this name under this number, and the page does not show it. */
  decoy: z.boolean().default(false),
  /** Name of the verifier: `sealed` is its state. */
  verifier: z.string(),
  sealed: z.string(),
  /** For a verification in a mini program: its channel, and what the native page alone brings back, hashed. */
  native: z.object({ channel: z.string(), ticket: z.string().optional() }).optional(),
  /** For a vendor's page: what the vendor alone brings back, hashed. */
  back: z.string().optional(),
})
export type Running = z.infer<typeof running>

/** From the verification to the step that uses it. */
const passedSeconds = 120

const kind = 'face-check'
const passedKind = 'face-passed'
const atVendorKind = 'face-away'

export const checkAad = (id: string) => `face-check:${id}`

const read = (value: string | undefined) => (value === undefined ? undefined : running.parse(JSON.parse(value)))

const ownOf = (check: Running | undefined, { who, purpose, holder }: Checked) =>
  check?.who === who && check.purpose === purpose && check.holder === holder ? check : undefined

export const storeCheck = (artifacts: Artifacts, id: string, check: Running, seconds: number): Promise<void> =>
  artifacts.put(kind, id, JSON.stringify(check), { ttl: seconds })

/** The verification of this id, where it belongs to exactly this person, purpose, and login or session. */
export const findOwn = async (artifacts: Artifacts, id: string, checked: Checked): Promise<Running | undefined> =>
  ownOf(read(await artifacts.get(kind, id)), checked)

/** The verification of this id, of any person. */
export const findRunning = async (artifacts: Artifacts, id: string): Promise<Running | undefined> =>
  read(await artifacts.get(kind, id))

/** Notes what the native page got, once. @returns false where it has got something already, or the verification is over */
export const storeAtPhone = (
  artifacts: Artifacts,
  id: string,
  { sealed, ticket }: { sealed: string; ticket: string },
): Promise<boolean> =>
  updateArtifact<boolean>(artifacts, { kind, id }, (before) => {
    const check = read(before)
    if (!check?.native || check.native.ticket !== undefined) return { result: false }
    return { value: JSON.stringify({ ...check, sealed, native: { ...check.native, ticket } }), result: true }
  })

/** The own verification of this id, once. */
export const takeOwn = async (artifacts: Artifacts, id: string, checked: Checked): Promise<Running | undefined> =>
  ownOf(read(await artifacts.take(kind, id)), checked)

/** Marks the one verification of a person that is at a vendor. @returns false where another one is */
export const markAtVendor = (artifacts: Artifacts, who: string, id: string, seconds: number): Promise<boolean> =>
  artifacts.add(atVendorKind, who, id, { ttl: seconds })

/** The verification of a person that is at a vendor, once. */
export async function takeAtVendor(
  artifacts: Artifacts,
  who: string,
): Promise<{ id: string; check: Running } | undefined> {
  const id = await artifacts.take(atVendorKind, who)
  const check = id === undefined ? undefined : read(await artifacts.take(kind, id))
  return id !== undefined && check?.who === who ? { id, check } : undefined
}

const passedKey = ({ who, person, purpose, holder }: Checked) => `${who} ${person?.id} ${purpose} ${holder}`

export const storePassed = (artifacts: Artifacts, id: string, checked: Checked): Promise<void> =>
  artifacts.put(passedKind, id, passedKey(checked), { ttl: passedSeconds })

/** Takes a passed verification: true once. */
export async function takePassed(artifacts: Artifacts, id: string, checked: Checked): Promise<boolean> {
  const own = passedKey(checked)
  return (await artifacts.get(passedKind, id)) === own && (await artifacts.take(passedKind, id)) === own
}
