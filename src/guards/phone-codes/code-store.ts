import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { isAmong } from '../../accounts/constant-time.ts'
import type { TextPurpose } from '../../channels/senders/sms/text-sender.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { updateArtifact } from '../../storage/compare-and-set.ts'
import { hashId } from '../../storage/hash-id.ts'

/** Seconds that a code lives. */
export const codeSeconds = 300
/** Digits of a code. */
const codeDigits = 6
/** Tries of one code. */
const mostTries = 5

/** What one code is good for, and nothing else. */
export interface CodeFor {
  purpose: TextPurpose
  /** The running login, the registration or the act of the account centre. */
  act: string
  /** A secret in a cookie of the browser. */
  browser: string
  /** E.164. */
  phone: string
}

/** `over`: there is no code, its time is over, it was used, or it had its five tries. */
export type CodeChecked = 'right' | 'wrong' | 'over'

/** The codes that were sent. The store has no code and no number, only keyed fingerprints. */
export interface CodeStore {
  /** Makes a code; an earlier one of the same act and browser ends. */
  make(code: CodeFor): Promise<string>
  /** Uses a code up where it is right; each wrong one takes one of its tries. */
  check(code: CodeFor, typed: string): Promise<CodeChecked>
}

const kind = 'phone-code'
const kept = z.object({ mac: z.string(), tries: z.number() })
const used = 'used'

/** Names the code of one act in one browser. The number is not in it: a code for another number replaces the one before. */
export const codeIdOf = ({ purpose, act, browser }: CodeFor): string =>
  hashId(`${kind}\0${purpose}\0${act}\0${browser}`)

const digits = () => String(randomInt(10 ** codeDigits)).padStart(codeDigits, '0')

export function createCodeStore({
  artifacts,
  blindIndex,
}: {
  artifacts: Artifacts
  blindIndex: BlindIndex
}): CodeStore {
  const macOf = (code: CodeFor, typed: string) => blindIndex(kind, [codeIdOf(code), code.phone, typed].join('\0'))

  return {
    async make(code) {
      const made = digits()
      const value = JSON.stringify({ mac: macOf(code, made), tries: 0 })
      await artifacts.put(kind, codeIdOf(code), value, { ttl: codeSeconds })
      return made
    },
    check: (code, typed) =>
      updateArtifact<CodeChecked>(artifacts, { kind, id: codeIdOf(code) }, (before) => {
        if (before === undefined || before === used) return { result: 'over' }
        const { mac, tries } = kept.parse(JSON.parse(before))
        if (tries >= mostTries) return { result: 'over' }
        if (isAmong(macOf(code, typed), [mac])) return { value: used, result: 'right' }
        return { value: JSON.stringify({ mac, tries: tries + 1 }), result: tries + 1 >= mostTries ? 'over' : 'wrong' }
      }),
  }
}
