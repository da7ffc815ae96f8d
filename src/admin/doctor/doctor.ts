import { examine } from './examine.ts'
import { command } from '../command.ts'

export default command({
  fields: {},
  access: { local: 'it examines the machine that it runs on' },
  example: 'npx yideng doctor',
  async run(context) {
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
