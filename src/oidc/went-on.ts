import { z } from 'zod'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'
import { readUntil } from '../storage/read-until.ts'

const schema = z.object({
  /** Hashes of the secrets of its browser (oidc/login-browser.ts). */
  browsers: z.array(z.string()),
  clientId: z.string(),
  redirectUri: z.string().optional(),
  /** Where its answer led: the next question; undefined for the portal, or while that is unknown. */
  next: z.string().optional(),
  settled: z.boolean(),
})

/** A login that was answered and resumed: its browsers, its portal and its next question. */
export type WentOn = z.infer<typeof schema>

/** A form or page of a login that has gone on: its own browser goes where the first answer went. */
export class LoginWentOn extends Error {
  readonly went: WentOn

  constructor(went: WentOn) {
    super('this login has gone on already')
    this.name = 'LoginWentOn'
    this.went = went
  }
}

/** Remembers where each resumed login went, for a double click, Back and reload. It holds no code and no session. */
export interface WentOnLogins {
  /** Before the login ends: no moment is left in which neither it nor its memory is found. */
  begin(uid: string, went: Omit<WentOn, 'settled'>): Promise<void>
  /** After the answer to the resume is known. */
  settle(uid: string, went: Omit<WentOn, 'settled'>): Promise<void>
  /** Waits for a resume that runs now. */
  find(uid: string): Promise<WentOn | undefined>
}

const kind = 'WentOn'
/** Seconds. */
const ttl = 3600
/** Milliseconds. */
const longestResume = 2000

export function createWentOnLogins(artifacts: Pick<Artifacts, 'add' | 'get' | 'put'>): WentOnLogins {
  const read = async (uid: string) => {
    const text = await artifacts.get(kind, hashId(uid))
    return text === undefined ? undefined : schema.parse(JSON.parse(text))
  }
  return {
    async begin(uid, went) {
      await artifacts.add(kind, hashId(uid), JSON.stringify({ ...went, settled: false }), { ttl })
    },
    settle: (uid, went) => artifacts.put(kind, hashId(uid), JSON.stringify({ ...went, settled: true }), { ttl }),
    find: (uid) =>
      readUntil(
        () => read(uid),
        (went) => went?.settled ?? true,
        { most: longestResume },
      ),
  }
}
