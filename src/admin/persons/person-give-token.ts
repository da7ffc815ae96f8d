import { giveHardwareToken } from './tokens.ts'
import { failed, invalid } from '../outcome.ts'
import { actorWithReason, personCommand, reasonField } from './person-command.ts'

export default personCommand({
  fields: {
    serial: { type: 'text', required: true, placeholder: 'SERIAL', meaning: 'the serial number on the token' },
    reason: reasonField,
  },
  access: { role: 'operator', about: 'system', touches: ['an account'] },
  example: 'npx yideng person give-token 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11 --serial GM10030042',
  async run(context, input, { id }) {
    const services = await context.services()
    const { cipher, blindIndex } = services.dataKeys
    const given = await giveHardwareToken(
      { ...services, cipher, blindIndex },
      id,
      input.serial,
      actorWithReason(context, input),
    )
    if (given === 'unknown') return invalid({ field: 'serial', message: 'No imported token has this serial number.' })
    if (given === 'gone') return failed('This token was given to a person already.')
    if (given === 'enough') return failed('This person has two tokens already: remove them first.')
    return {
      ok: true,
      document: { id, serial: input.serial },
      notes: ['All sign-ins of the person ended. The next sign-in by password asks for a code.'],
    }
  },
})
