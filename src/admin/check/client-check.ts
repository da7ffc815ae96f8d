import { failed, invalid, notFound, type Outcome } from '../outcome.ts'
import { idField } from '../fields.ts'
import { startFaultyProvider } from './faulty-provider.ts'
import type { Client } from '../../clients/clients.ts'
import { checkOldPortal } from './check-old-portal.ts'
import { CannotCheck, checkPortal, type Check } from './check-portal.ts'
import { startFaultyLegacy } from './faulty-legacy.ts'
import type { CommandContext } from '../command-context.ts'
import { command } from '../command.ts'

const maxWaitSeconds = 3600

export default command({
  fields: {
    id: idField('portal'),
    url: { type: 'text', placeholder: 'URL', meaning: 'where a sign-in begins at the portal; default: its home page' },
    page: {
      type: 'text',
      placeholder: 'URL',
      meaning: 'a page that differs for a signed-in person; default: the command looks for one',
    },
    port: {
      type: 'number',
      default: 4444,
      placeholder: 'PORT',
      meaning: 'the portal must use the issuer http://localhost:PORT during the check',
    },
    wait: {
      type: 'number',
      default: 120,
      placeholder: 'SECONDS',
      meaning: 'how long to wait for the portal',
    },
  },
  access: { local: 'it runs a provider on the machine where the portal is tested' },
  example: 'npx yideng client check mXu0Wj5hGk2cQ9Ty --url http://localhost:8080/login',
  async run(context, { id, url, page, port, wait }): Promise<Outcome> {
    const problems = [
      ...(['url', 'page'] as const).flatMap((field) => {
        const given = { url, page }[field]
        const fits = given === undefined || /^https?:$/.test(URL.parse(given)?.protocol ?? '')
        return fits ? [] : [{ field, message: 'must be an address such as http://localhost:8080/login' }]
      }),
      ...(port > 65_535 ? [{ field: 'port', message: 'must be a port' }] : []),
      ...(wait > maxWaitSeconds ? [{ field: 'wait', message: `must be at most ${maxWaitSeconds}` }] : []),
    ]
    if (problems.length > 0) return invalid(...problems)
    const { clients } = await context.services()
    const client = await clients.find(id)
    if (!client) return notFound('portal', id)
    const [redirect] = client.redirect_uris
    if (redirect === undefined) {
      return invalid({ field: 'id', message: 'is a service: it has no sign-in, so there is nothing to check' })
    }
    const start = url ?? client.uri ?? new URL('/', redirect).href
    const options: CheckOptions = { client, port, start, page, waitMs: wait * 1000 }
    const check = client.legacy === undefined ? checkModern : checkOld
    try {
      const checks = await check(context, options)
      const wrong = checks.filter(({ must, was }) => was !== must && was !== 'unknown')
      const rows = checks.map(({ name, meaning, must, was }) => [
        was === must ? 'ok' : was === 'unknown' ? '-' : 'WRONG',
        name,
        meaning,
        must,
        was === 'unknown' ? 'not observed' : was,
      ])
      const logout = client.backchannel_logout_uri === undefined && client.legacy === undefined
      const fault =
        wrong.length === 0 ? {} : { fault: `Wrong in ${wrong.length}: ${wrong.map(({ name }) => name).join(', ')}.` }
      return {
        ok: true,
        document: { client_id: id, url: start, right: wrong.length === 0, checks },
        shown: { columns: ['', 'CHECK', 'WHAT', 'MUST BE', 'WAS'], rows },
        notes: logout ? ['No back-channel logout address is registered: signing out was not checked.'] : [],
        ...fault,
      }
    } catch (error) {
      if (!(error instanceof CannotCheck)) throw error
      return failed(error.message)
    }
  },
})

interface CheckOptions {
  client: Client
  port: number
  start: string
  page: string | undefined
  waitMs: number
}

/** @throws CannotCheck */
async function checkModern(context: CommandContext, { client, port, ...options }: CheckOptions): Promise<Check[]> {
  const { clock } = context
  const form = { alg: client.id_token_alg, encoding: client.sm2_signature }
  const provider = await startFaultyProvider({ client, form, port, clock })
  try {
    context.say([
      `Point the portal at the issuer ${provider.issuer} (client_id ${client.id}, any secret) and restart it.`,
      waitingFor(options),
    ])
    return await checkPortal({ ...options, client, provider, clock }, context.progress)
  } finally {
    await provider.close()
  }
}

/** @throws CannotCheck */
async function checkOld(context: CommandContext, { client, port, ...options }: CheckOptions): Promise<Check[]> {
  const provider = await startFaultyLegacy({ client, port })
  try {
    context.say([
      `Point the portal at ${provider.address} (any secret) and restart it. Its protocol is ${String(client.legacy)}.`,
      waitingFor(options),
    ])
    return await checkOldPortal({ ...options, client, provider, clock: context.clock }, context.progress)
  } finally {
    await provider.close()
  }
}

const waitingFor = ({ start, waitMs }: Pick<CheckOptions, 'start' | 'waitMs'>) =>
  `Signing in at ${start}; waiting at most ${waitMs / 1000} seconds for it.`
