import type { LegacyAnswer, PortalAnswer } from '../oidc/legacy-requests.ts'
import { tifProfileOf } from '../config/legacy-protocols.ts'
import { casAnswer } from './cas/cas-answer.ts'
import { tifAnswer } from './tif/tif-answer.ts'

/** Writes the answer of oidc-provider in the words of a legacy protocol. */
export const legacyAnswer: LegacyAnswer = (legacy: string, answer: PortalAnswer) => {
  if (tifProfileOf(legacy)) return tifAnswer(answer)
  if (legacy === 'cas') return casAnswer(answer)
  throw new Error(`no answer for the legacy protocol ${legacy}`)
}
