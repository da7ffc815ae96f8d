import type { LegacyAnswer, PortalAnswer } from '../oidc/legacy-requests.ts'
import { tifProfileOf } from '../config/legacy-protocols.ts'
import { tifAnswer } from './tif/tif-answer.ts'

/** Writes the answer of oidc-provider in the words of a legacy protocol: in CAS, its ticket (cas/). */
export const legacyAnswer: LegacyAnswer = (legacy: string, answer: PortalAnswer) => {
  if (tifProfileOf(legacy)) return tifAnswer(answer)
  throw new Error(`no answer for the legacy protocol ${legacy}`)
}
