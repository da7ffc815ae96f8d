import { documentKeySet } from '../../keys/document-signatures.ts'
import { command } from '../command.ts'

export default command({
  fields: {},
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng keys export > jwks.json',
  async run(context) {
    const document = documentKeySet(await context.settings(), context.clock)
    return { ok: true, document, raw: JSON.stringify(document, null, 2).split('\n') }
  },
})
