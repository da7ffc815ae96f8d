import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import type { RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const thisTree = new URL('../../', import.meta.url)

export const manyFromHere = {
  YIDENG_ADDRESS_TRIES: '1000000',
  YIDENG_ADDRESS_REGISTRATIONS: '1000000',
  YIDENG_LOG_LEVEL: 'error',
}

export interface Crowd {
  services: Services
  portal: TestPortal
  usernames: string[]
}

export async function gather(server: RunningServer, people = 10): Promise<Crowd> {
  const services = await server.services()
  const portal = await registerPortal(services, { consent: 'implicit' })
  const usernames = []
  for (let index = 0; index < people; index += 1) usernames.push((await openPerson(services)).username)
  return { services, portal, usernames }
}

/** Signs in with a new browser, up to the tokens. */
export async function enter({ services, portal }: Crowd, username: string): Promise<Visitor> {
  const visitor = new Visitor(services.settings.issuer)
  const begun = await portal.begin()
  const page = await visitor.get(begun.url)
  if (page.status >= 500) throw new Error(`answered ${page.status}`)
  await begun.finish(await signIn(visitor, page, username))
  return visitor
}

/** Enters with the present session. Returns true if no page asked for a password. */
export async function enterAgain({ portal }: Crowd, visitor: Visitor): Promise<boolean> {
  const { url } = await portal.begin()
  return (await visitor.get(url)).leads?.searchParams.has('code') === true
}

/** Signs people in, `atOnce` in parallel. A failed sign-in is tried once more after `patienceMs`. */
export async function signInMany(
  crowd: Crowd,
  total: number,
  options: { atOnce?: number; patienceMs?: number; onSignedIn?: (count: number) => void } = {},
) {
  const { atOnce = 8, patienceMs = 500, onSignedIn } = options
  const signedIn: Visitor[] = []
  const failures: unknown[] = []
  let retried = 0
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < total) {
        const username = crowd.usernames[next++ % crowd.usernames.length] ?? ''
        const attempt = () => enter(crowd, username)
        try {
          const visitor = await attempt().catch(async () => {
            retried += 1
            await new Promise((resolve) => setTimeout(resolve, patienceMs))
            return attempt()
          })
          signedIn.push(visitor)
          onSignedIn?.(signedIn.length)
        } catch (error) {
          failures.push(error)
        }
      }
    }),
  )
  return { signedIn, failures, retried }
}

interface Check {
  state: string
  what: string
  finding: string
}

/** Runs the command line on the stores of a server. */
export async function yideng(server: Pick<RunningServer, 'environment'>, args: string[], tree = thisTree) {
  const program = new URL('bin/yideng.mjs', tree).pathname
  const run = promisify(execFile)(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], ...server.environment },
  })
  return run.catch((error: unknown) => error as { stdout: string; stderr: string })
}

/** The failed checks of `yideng doctor`. */
export async function ailments(server: Pick<RunningServer, 'environment'>): Promise<Check[]> {
  const { stdout } = await yideng(server, ['doctor', '--json'])
  const { checks } = JSON.parse(stdout) as { checks: Check[] }
  expect(checks.length).toBeGreaterThan(5)
  return checks.filter(({ state }) => state === 'fail')
}

/** Number of `portal.entered` audit entries: every issued code has one. */
export async function entered({ services, portal }: Crowd): Promise<number> {
  const { many } = await services.database
    .selectFrom('audit_events')
    .select(({ fn }) => fn.countAll<number>().as('many'))
    .where('event', '=', 'portal.entered')
    .where('client_id', '=', portal.clientId)
    .executeTakeFirstOrThrow()
  return many
}
