import { command } from '../command.ts'
import { rotateCookie } from './rotate-cookie-keys.ts'
import { prepare, rotateData, rotateIndex, rotateSigning } from './rotate.ts'

export default command({
  fields: {
    kind: {
      type: 'text',
      choices: ['signing', 'data', 'index', 'cookie'],
      default: 'signing',
      meaning:
        'signing: published at once, used after 24 hours; data: seals all personal data again; ' +
        'index: computes the lookup index of all accounts again; ' +
        'cookie: for forms and QR codes, accepted at once, used after a minute',
    },
    now: { type: 'boolean', meaning: 'use the new keys at once, because an old one may have leaked' },
    prepare: {
      type: 'boolean',
      meaning: 'several machines on one store: only make the data or index key, then carry it to each machine',
    },
    wait: {
      type: 'boolean',
      meaning: 'wait up to 15 minutes for machines that lack the new data or index key, in place of a refusal',
    },
  },
  access: { role: 'admin', about: 'system', touches: ['signing keys'] },
  example: 'npx yideng keys rotate',
  async run(context, { kind, now, prepare: only, wait }) {
    if (kind === 'cookie') return rotateCookie(context, now)
    if (kind === 'signing') return rotateSigning(context, now)
    if (only) return prepare(context, kind === 'data' ? 'data' : 'index')
    return kind === 'data' ? rotateData(context, wait) : rotateIndex(context, wait)
  },
})
