import type { Clock } from '../../config/clock.ts'
import type { Settings } from '../../config/settings.ts'
import { documentKeySet } from '../../keys/document-signatures.ts'
import { publicKeySet } from '../../keys/signing-keys.ts'
import { sm2PublicKeySet } from '../../keys/token-keys.ts'
import { command } from '../command.ts'

const keySets = {
  documents: documentKeySet,
  signing: ({ keysDir }: Settings, clock: Clock) => publicKeySet(keysDir, clock),
  sm2: sm2PublicKeySet,
}

export default command({
  fields: {
    kind: {
      type: 'text',
      choices: ['documents', 'signing', 'sm2'],
      default: 'documents',
      meaning: 'documents: all that check the audit log; signing: of every library; sm2: of portals with SM2',
    },
  },
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng keys export > jwks.json',
  async run(context, { kind }) {
    const { settings } = await context.services()
    const { clock } = context
    const document = keySets[kind === 'signing' || kind === 'sm2' ? kind : 'documents'](settings, clock)
    return { ok: true, document, raw: JSON.stringify(document, null, 2).split('\n') }
  },
})
