import { examine } from './examine.ts'
import { lookUpReference } from './reference.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    reference: {
      type: 'text',
      placeholder: 'NUMBER',
      meaning: 'instead, show the reason under the reference number of an error page',
    },
  },
  access: { local: 'it examines the machine that it runs on' },
  example: 'npx yideng doctor',
  async run(context, { reference }) {
    if (reference !== undefined) return lookUpReference(await context.settings(), context.clock, reference)
    const findings = await examine(context)
    const failing = findings.filter(({ state }) => state === 'fail').length
    const fault = failing > 0 ? `${failing === 1 ? 'One check' : `${failing} checks`} failed.` : undefined
    return {
      ok: true,
      document: { well: failing === 0, checks: findings },
      shown: { checks: findings },
      ...(fault ? { fault } : {}),
    }
  },
})
