import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../../src/clients/clients.ts'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { Visitor, type Page } from '../setup/visitor.ts'
import { build } from './build.ts'
import { loopbackApp } from './examples.ts'
import { yideng } from './yideng.ts'

/** Milliseconds. After them a second use of a refresh token is one too many. */
const afterGrace = 20_000

describe('an app on a computer, as AppAuth does it', () => {
  let server: RunningServer
  let services: Services
  let client: Client
  let directory = ''
  let why = ''

  beforeAll(async () => {
    server = await startServer({ YIDENG_ADDRESS_TRIES: '100000' })
    services = await server.services()
    const created = await services.clients.create(
      {
        name: '电脑应用',
        type: 'native',
        redirect_uris: ['http://127.0.0.1/callback'],
        post_logout_redirect_uris: ['http://127.0.0.1/signed-out'],
        scope: 'openid profile offline_access',
      },
      'administrator:test',
    )
    if (!created.ok) throw new Error(JSON.stringify(created.problems))
    client = created.client
    const built = await build(loopbackApp)
    if ('notRun' in built) why = built.notRun
    else directory = built.directory
  }, 300_000)
  afterAll(() => why !== '' && console.log(`Not run: ${loopbackApp.name}: ${why}.`))

  const testOf = (title: string, act: (app: ReturnType<typeof install>) => Promise<void>) =>
    it(title, (run) => (why === '' ? act(install()) : run.skip(why)))

  /** The app with a browser. Each installation has a state of its own. */
  function install() {
    const state = join(temporaryDirectory(), 'state.json')
    const visitor = new Visitor(server.issuer)

    /** Runs a command of the app. `browse` is the browser at the address that the app opens. */
    async function run(command: string, browse?: (address: string) => Promise<Page>): Promise<string> {
      const environment = { PATH: process.env['PATH'], ISSUER: server.issuer, CLIENT_ID: client.id, STATE_FILE: state }
      const child = spawn('node', ['app.js', command], { cwd: directory, env: environment })
      let output = ''
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (output += text))
      const ended = new Promise((resolve) => child.once('close', resolve))
      if (browse) {
        const address = () => /^open (.*)\n/m.exec(output)?.[1]
        await until(() => Promise.resolve(address() !== undefined || child.exitCode !== null))
        const page = await browse(address() ?? output)
        // an app waits for ever where Yideng sends no person back
        if (page.leads) await fetch(page.leads)
        else child.kill()
      }
      await ended
      return output.replace(/^open .*\n/m, '').trim()
    }

    /** Signs in at Yideng on behalf of `login`, and decides there. */
    async function login(decision: 'allow' | 'deny' = 'allow'): Promise<string> {
      const { username } = await openPerson(services, { name: '张三' })
      return run('login', async (address) => {
        const first = await visitor.get(address)
        // the next sign-in of this browser needs no password, but an app is asked for each time (RFC 8252 section 8.6)
        const page = first.html.includes('name="identifier"') ? await signIn(visitor, first, username) : first
        const end = await visitor.submit(page, '/consent', { decision })
        expect(end.leads?.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
        return end
      })
    }
    return { run, login, visitor, state }
  }

  testOf('signs a person in at any port and shows the name', async ({ login }) => {
    expect(await login()).toBe('您好，张三')
    expect(await install().login()).toBe('您好，张三')
  })

  testOf('signs nobody in who said No', async ({ login, run }) => {
    expect(await login('deny')).toBe('failed: access_denied')
    expect(await run('refresh')).toContain('ENOENT')
  })

  testOf('gets new tokens by the refresh token; a stolen one ends them all', async ({ login, run, state }) => {
    await login()
    const stolen = readFileSync(state)
    expect(await run('refresh')).toBe('refreshed')
    expect(await run('refresh')).toBe('refreshed')
    const latest = readFileSync(state)
    await server.forward(afterGrace)
    writeFileSync(state, stolen)
    expect(await run('refresh')).toBe('failed: invalid_grant')
    writeFileSync(state, latest)
    expect(await run('refresh')).toBe('failed: invalid_grant')
    expect(await login()).toBe('您好，张三')
    expect(await run('refresh')).toBe('refreshed')
  })

  testOf('signs out at Yideng too, and ends its tokens', async ({ login, run, visitor, state }) => {
    await login()
    const kept = readFileSync(state)
    const leave = async (address: string) => {
      const page = await visitor.get(address)
      return page.leads ? page : visitor.submit(page, '/logout/confirm', { logout: 'yes' })
    }
    expect(await run('logout', leave)).toBe('signed out')
    writeFileSync(state, kept)
    expect(await run('refresh')).toBe('failed: invalid_grant')
    expect((await visitor.get('/account')).html).toContain('name="identifier"')
  })

  testOf('signs people in after the signing keys changed at once', async ({ login }) => {
    yideng(server, 'keys', 'rotate', '--now')
    expect(await login()).toBe('您好，张三')
  })

  testOf('signs nobody in while it is suspended', async ({ login, run, visitor }) => {
    await login()
    await services.clients.setStatus(client.id, 'suspended', 'administrator:test')
    expect(await run('refresh')).toBe('failed: invalid_client')
    const pages: number[] = []
    const refused = async (address: string) => {
      const page = await visitor.get(address)
      pages.push(page.status)
      return page
    }
    expect(await run('login', refused)).toBe('')
    expect(pages).toEqual([400])
    await services.clients.setStatus(client.id, 'active', 'administrator:test')
    expect(await run('refresh')).toBe('refreshed')
  })
})
