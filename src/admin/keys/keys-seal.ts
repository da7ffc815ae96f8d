import { sealNow } from './seal.ts'
import { command } from '../command.ts'

export default command({
  fields: {},
  access: { local: 'it lets people sign in by rows without any other proof' },
  example: 'npx yideng keys seal',
  run: async (context) => sealNow(context),
})
