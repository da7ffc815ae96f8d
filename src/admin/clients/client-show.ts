import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { notFound } from '../outcome.ts'
import { registrationOf } from './registration-fields.ts'

export default command({
  fields: { id: idField('portal') },
  access: { role: 'viewer', about: 'portal', touches: ['what may be seen'] },
  example: 'npx yideng client show mXu0Wj5hGk2cQ9Ty',
  async run(context, input) {
    const { clients } = await context.services()
    const client = await clients.find(input.id)
    return client ? { ok: true, document: registrationOf(client) } : notFound('portal', input.id)
  },
})
