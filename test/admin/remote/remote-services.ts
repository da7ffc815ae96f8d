import type { Administrator, AdministratorRole } from '../../../src/accounts/administrators.ts'
import { findCommand } from '../../../src/admin/commands.ts'
import type { Input } from '../../../src/admin/fields.ts'
import type { Outcome } from '../../../src/admin/outcome.ts'
import { remoteContext } from '../../../src/admin/command-context.ts'
import { readyFor, runRemotely } from '../../../src/admin/remote/authorise.ts'
import { openServices, type Services } from '../../../src/services.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { openPerson } from '../../setup/person.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'
import { onTestFinished } from 'vitest'

/** Services of this test, and remote administrators without a server between. */
export async function openRemoteServices(clock: () => number = Date.now) {
  const directory = temporaryDirectory()
  const services = await openServices(
    readSettings({ YIDENG_DATA_DIR: `${directory}/data`, YIDENG_KEYS_DIR: `${directory}/keys` }),
    clock,
  )
  onTestFinished(() => services.close())

  async function administrator(role: AdministratorRole, region: string) {
    const { id } = await openPerson(services)
    const made = await services.administrators.grant({ personId: id, role, region }, 'administrator:test')
    return { ...made, run: (name: string, input: Input = {}) => runAs(services, made, name, input) }
  }

  async function portal(name: string, region?: string, more: { sector?: string } = {}) {
    const created = await services.clients.create(
      { name, redirect_uris: ['https://a.example/callback'], ...(region === undefined ? {} : { region }), ...more },
      'administrator:test',
    )
    if (!created.ok) throw new Error(JSON.stringify(created.problems))
    return created.client.id
  }

  const events = async () => {
    const rows = await services.database
      .selectFrom('audit_events')
      .select(['event', 'actor'])
      .orderBy('sequence')
      .execute()
    return rows.map(({ event }) => event)
  }

  return { services, administrator, portal, events }
}

async function runAs(services: Services, administrator: Administrator, name: string, input: Input): Promise<Outcome> {
  const [noun = '', verb] = name.split(' ')
  const command = await findCommand({ noun, ...(verb === undefined ? {} : { verb }) })
  if (!command) throw new Error(`no command ${name}`)
  const context = remoteContext(services, administrator)
  const ready = await readyFor(context, command, input)
  return ready.ok ? runRemotely(context, command, ready.input) : ready
}

export const documentOf = (outcome: Outcome) => {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome))
  return outcome.document as Record<string, unknown> & Record<string, unknown>[]
}
