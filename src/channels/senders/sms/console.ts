import { randomUUID } from 'node:crypto'
import type { TextSender } from './text-sender.ts'

/** Shows each text to the developer, on standard output. Production refuses it (config/settings/phone.ts). */
export const consoleSender = (write: (line: string) => void): TextSender => ({
  async send({ to, text }) {
    write(`SMS to ${to}: ${text}\n`)
    return { id: randomUUID() }
  },
})
