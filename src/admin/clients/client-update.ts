import { clientAnswer, gatewayTokenWith } from './client-answers.ts'
import { notesOfInnerAddresses } from './inner-addresses.ts'
import { portalAfter, silentPortal } from './portal-after.ts'
import { problemsOfChanges } from './registration-problems.ts'
import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { invalid, notFound } from '../outcome.ts'
import { officialProblems } from './official.ts'
import { changeFields, changesOf, forceField, metadataOf, problemsAsGiven } from './registration-fields.ts'

export default command({
  fields: { id: idField('portal'), ...changeFields, force: forceField },
  access: { role: 'operator', about: 'portal', touches: ['a portal'], sometimes: silentPortal, secret: true },
  example:
    'npx yideng client update mXu0Wj5hGk2cQ9Ty --min-level 3 --backchannel-logout-uri https://www.sz.example.gov.cn/logout',
  async run(context, { id: clientId, force, ...input }) {
    const changes = changesOf(input)
    if (Object.keys(changes).length === 0) return invalid({ message: 'Nothing is given to change.' })
    const official = officialProblems(context, metadataOf(input))
    if (official.length > 0) return invalid(...official)
    const services = await context.services()
    const { clients } = services
    const change = await portalAfter(services, { id: clientId, ...input })
    const refused = change ? await problemsOfChanges(services, { force })(change) : []
    if (refused.length > 0) return invalid(...refused)
    const updated = await clients.update(clientId, changes, context.actor)
    if (!updated) return notFound('portal', clientId)
    if (!updated.ok) return invalid(...problemsAsGiven(updated.problems, input))
    const client = (await clients.find(clientId)) ?? updated.client
    const secrets = gatewayTokenWith(services, client, updated.secret)
    return clientAnswer(client, updated.secret, { notes: notesOfInnerAddresses(client), secrets })
  },
})
