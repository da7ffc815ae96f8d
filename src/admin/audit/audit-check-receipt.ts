import { keysField, notKeys, verifierOf } from './audit-fields.ts'
import { invalid, iso, type Outcome } from '../outcome.ts'
import { checkReceipt } from '../../audit/receipts.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    receipt: { type: 'json', positional: true, required: true, placeholder: 'FILE', meaning: 'the receipt' },
    keys: keysField,
  },
  access: { local: 'a receipt is checked without a store' },
  example: 'npx yideng audit check-receipt receipt.json --keys jwks.json',
  async run(context, { receipt, keys }): Promise<Outcome> {
    const verify = await verifierOf(context, keys)
    if (!verify) return invalid(notKeys)
    const check = await checkReceipt(verify, receipt)
    if (!check.holds)
      return { ok: true, document: check, shown: [], fault: `This receipt does not hold: ${check.fault}.` }
    const { sequence, at, event, person_id, client_id } = check.entry
    const entry = { number: sequence, at: iso(at), event, person_id, client_id }
    const signed = { by: check.checkpoint.iss, at: iso(check.checkpoint.iat * 1000) }
    return { ok: true, document: { holds: true, entry, signed } }
  },
})
