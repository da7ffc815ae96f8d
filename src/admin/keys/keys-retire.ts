import { retire } from './retire.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    kind: {
      type: 'text',
      choices: ['signing', 'data', 'index', 'cookie'],
      default: 'signing',
      meaning: 'data and index keys are deleted for good: refused while a value still needs them',
    },
    id: {
      type: 'text',
      positional: true,
      placeholder: 'ID',
      meaning: 'id of a key; without it, every key that is no longer needed',
    },
    now: {
      type: 'boolean',
      meaning: 'retire a leaked signing or cookie key early: its signatures are refused',
    },
  },
  access: { role: 'admin', about: 'system', touches: ['signing keys'] },
  example: 'npx yideng keys retire',
  run: async (context, { id, kind, now }) => retire(context, kind, id, now),
})
