import { gatewayTokenWith, secretOnce } from './client-answers.ts'
import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { invalid, notFound } from '../outcome.ts'
import { problemsAsGiven } from './registration-fields.ts'

export default command({
  fields: { id: idField('portal') },
  access: { role: 'operator', about: 'portal', touches: ['a portal'] },
  example: 'npx yideng client rotate-secret mXu0Wj5hGk2cQ9Ty --json',
  async run(context, input) {
    const services = await context.services()
    const rotated = await services.clients.rotateSecret(input.id, context.actor)
    if (!rotated) return notFound('portal', input.id)
    if (!rotated.ok) return invalid(...problemsAsGiven(rotated.problems, {}))
    const { client, secret } = rotated
    const document = { client_id: input.id, client_secret: secret, ...gatewayTokenWith(services, client, secret) }
    return { ok: true, document, notes: ['', secretOnce] }
  },
})
