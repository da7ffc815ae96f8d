import { type Outcome } from '../outcome.ts'
import { receiptFor } from '../../audit/receipts.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    number: {
      type: 'number',
      positional: true,
      required: true,
      placeholder: 'NUMBER',
      meaning: 'number of the entry',
    },
  },
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng audit receipt 4711 --json > receipt.json',
  async run(context, { number }): Promise<Outcome> {
    const receipt = await receiptFor((await context.services()).database, number)
    if (receipt) return { ok: true, document: receipt }
    const message = `There is no entry ${number} in the store, or no checkpoint covers it yet: the server makes one a minute.`
    return { ok: false, kind: 'not_found', problems: [{ message }] }
  },
})
