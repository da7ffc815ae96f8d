import { command, failed, idField, invalid, notFound, type Command, type Outcome } from '../command.ts'

const longestWait = 3600

/** For those who write portals. */
export const checkCommands: Command[] = [
  command({
    noun: 'client',
    verb: 'check',
    summary: 'be a provider with faults for a portal, sign in there, and say which faults it wrongly accepts',
    fields: {
      id: idField('portal'),
      url: { type: 'text', placeholder: 'URL', meaning: 'where a sign-in begins there; otherwise its home page' },
      page: {
        type: 'text',
        placeholder: 'URL',
        meaning: 'a page that looks otherwise to somebody signed in; otherwise it is found out',
      },
      port: {
        type: 'number',
        default: 4444,
        placeholder: 'PORT',
        meaning: 'point the portal at the issuer http://localhost:PORT while it is checked',
      },
      wait: {
        type: 'number',
        default: 120,
        placeholder: 'SECONDS',
        meaning: 'wait so long for the portal to be there',
      },
    },
    access: { local: 'it is a provider for a while, on the machine where the portal is tried' },
    example: 'npx yideng client check mXu0Wj5hGk2cQ9Ty --url http://localhost:8080/login',
    async run(context, { id, url, page, port, wait }): Promise<Outcome> {
      const problems = [
        ...(['url', 'page'] as const).flatMap((field) => {
          const given = { url, page }[field]
          const fits = given === undefined || /^https?:$/.test(URL.parse(given)?.protocol ?? '')
          return fits ? [] : [{ field, message: 'must be an address such as http://localhost:8080/login' }]
        }),
        ...(port > 65_535 ? [{ field: 'port', message: 'must be a port' }] : []),
        ...(wait > longestWait ? [{ field: 'wait', message: `must be at most ${longestWait}` }] : []),
      ]
      if (problems.length > 0) return invalid(...problems)
      const { clients } = await context.services()
      const client = await clients.find(id)
      if (!client) return notFound('portal', id)
      const [redirect] = client.redirect_uris
      if (redirect === undefined) {
        return invalid({ field: 'id', message: 'is a service: it signs nobody in, so there is nothing to check' })
      }
      const { startFaultyProvider } = await import('./faulty-provider.ts')
      const { checkPortal, CannotCheck } = await import('./check-portal.ts')
      const start = url ?? client.uri ?? new URL('/', redirect).href
      const provider = await startFaultyProvider({ client, port, clock: context.clock })
      try {
        context.say([
          `Point the portal at the issuer ${provider.issuer} (client_id ${client.id}, any secret) and start it anew.`,
          `Signing in at ${start}; waiting ${wait} seconds at most for it.`,
        ])
        const checks = await checkPortal(
          { client, provider, start, page, clock: context.clock, waitMs: wait * 1000 },
          context.progress,
        )
        const wrong = checks.filter(({ must, was }) => was !== must && was !== 'unknown')
        const rows = checks.map(({ name, meaning, must, was }) => [
          was === must ? 'ok' : was === 'unknown' ? '-' : 'WRONG',
          name,
          meaning,
          must,
          was === 'unknown' ? 'not asked for' : was,
        ])
        const logout = client.backchannel_logout_uri === undefined
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
      } finally {
        await provider.close()
      }
    },
  }),
]
