import { publicKeySet } from '../../keys/signing-keys.ts'
import { sm2PublicKeySet } from '../../keys/token-keys.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    kind: {
      type: 'text',
      choices: ['signing', 'sm2'],
      default: 'signing',
      meaning: 'signing: of every library; sm2: of portals with SM2',
    },
  },
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng keys export > jwks.json',
  async run(context, { kind }) {
    const settings = await context.settings()
    const { clock } = context
    const document = kind === 'sm2' ? sm2PublicKeySet(settings, clock) : publicKeySet(settings.keysDir, clock)
    return { ok: true, document, raw: JSON.stringify(document, null, 2).split('\n') }
  },
})
