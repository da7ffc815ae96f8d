import { z } from 'zod'
import type { FieldCipher } from '../../../../keys/field-cipher.ts'
import type { QrTransaction } from '../states.ts'

const schema = z.object({ address: z.string(), browser: z.string() })

const aad = (attempt: string) => `qr.computer:${attempt}`

/** Address and browser of the waiting computer: personal data, sealed to its running login. */
export function sealComputer(cipher: FieldCipher, attempt: string, computer: z.infer<typeof schema>): string {
  return cipher.seal(JSON.stringify(computer), aad(attempt))
}

export function openComputer(cipher: FieldCipher, { attempt, computer }: QrTransaction) {
  return schema.parse(JSON.parse(cipher.open(computer, aad(attempt))))
}
