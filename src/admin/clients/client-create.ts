import { clientAnswer, developerNotes, gatewayTokenWith, issuerOf } from './client-answers.ts'
import { notesOfInnerAddresses } from './inner-addresses.ts'
import { configurationFor, libraryOf } from './libraries/libraries.ts'
import { portalAfter, silentPortal } from './portal-after.ts'
import { problemsOfChanges } from './registration-problems.ts'
import { command } from '../command.ts'
import { invalid } from '../outcome.ts'
import { portalGuide } from './portal-guide.ts'
import { officialProblems } from './official.ts'
import { libraryField, metadataOf, problemsAsGiven, registrationFields } from './registration-fields.ts'

export default command({
  guide: portalGuide,
  fields: { ...registrationFields, for: libraryField },
  access: { role: 'operator', about: 'portal', touches: ['a portal'], sometimes: silentPortal, secret: true },
  example:
    'npx yideng client create --name 深圳市政务服务网 --region 440300 ' +
    '--redirect-uri https://www.sz.example.gov.cn/callback --scope "openid profile"',
  async run(context, input) {
    const official = officialProblems(context, metadataOf(input))
    if (official.length > 0) return invalid(...official)
    const services = await context.services()
    const { clients } = services
    const change = await portalAfter(services, input)
    const refused = change ? await problemsOfChanges(services, { force: false })(change) : []
    if (refused.length > 0) return invalid(...refused)
    const created = await clients.create(metadataOf(input), context.actor)
    if (!created.ok) return invalid(...problemsAsGiven(created.problems, input))
    const issuer = await issuerOf(context)
    const library = libraryOf(input.for)
    const configuration = library && configurationFor(library, issuer, created.client, created.secret)
    const notes = [...notesOfInnerAddresses(created.client), ...developerNotes(issuer, created.client)]
    const secrets = gatewayTokenWith(services, created.client, created.secret)
    return clientAnswer(created.client, created.secret, { notes, configuration, secrets })
  },
})
