import { keySetOfStore } from '../../keys/document-signatures.ts'
import { publicKeySet } from '../../keys/signing-keys.ts'
import { sm2PublicKeySet } from '../../keys/token-keys.ts'
import type { Services } from '../../services.ts'
import { command } from '../command.ts'

const keySets = {
  documents: keySetOfStore,
  signing: ({ settings, clock }: Services) => publicKeySet(settings.keysDir, clock),
  sm2: ({ settings, clock }: Services) => sm2PublicKeySet(settings, clock),
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
    const of = keySets[kind === 'signing' || kind === 'sm2' ? kind : 'documents']
    const document = await of(await context.services())
    return { ok: true, document, raw: JSON.stringify(document, null, 2).split('\n') }
  },
})
