import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import type { Services } from '../../src/services.ts'
import { checkChain } from '../../src/audit/chain.ts'
import { acting } from '../setup/acting.ts'
import { balance } from '../setup/balancer.ts'
import { freePort } from '../setup/free-port.ts'
import { end } from '../setup/organisation.ts'
import { cannotRun } from '../setup/parts.ts'
import { addPasskey, signInByPasskey } from '../setup/passkey.ts'
import { password, residentId } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { computerAndPhone, letIn, scan, signedInPhone } from '../setup/qr.ts'
import { newPassword, recoverBy } from '../setup/recovery.ts'
import { redisCli, startRedis } from '../setup/redis.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { makePostgres } from '../setup/stores.ts'
import { Visitor } from '../setup/visitor.ts'
import { watchWire } from '../setup/wire.ts'

const keysOfTwo = mkdtempSync(join(tmpdir(), 'yideng-two-'))
afterAll(() => rmSync(keysOfTwo, { recursive: true, force: true }))

/** The requests of a login alternate between the machines, so neither may hold state alone. */
describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('two machines on PostgreSQL and Redis', () => {
  let one: RunningServer
  let two: RunningServer
  let services: Services
  let redis: number
  let wire: Set<string>

  beforeAll(async () => {
    wire = watchWire()
    redis = await startRedis()
    const port = await freePort()
    const shared = {
      YIDENG_ISSUER: `http://localhost:${port}`,
      YIDENG_DATABASE_URL: await makePostgres(),
      YIDENG_REDIS_URL: `redis://127.0.0.1:${redis}`,
      YIDENG_TRUST_PROXY: 'true',
    }
    one = await startServer(shared)
    // data.json is the only key file to copy
    const keys = join(keysOfTwo, 'keys')
    mkdirSync(keys)
    copyFileSync(join(one.environment['YIDENG_KEYS_DIR'] ?? '', 'data.json'), join(keys, 'data.json'))
    two = await startServer({ ...shared, YIDENG_KEYS_DIR: keys, YIDENG_WORKERS: '2' })
    await balance(port, [Number(one.environment['PORT']), Number(two.environment['PORT'])])
    services = await one.services()
  })

  it('sign with the same keys', () => {
    const [first, second] = [one, two].map(({ environment }) =>
      readFileSync(join(environment['YIDENG_KEYS_DIR'] ?? '', 'signing.json'), 'utf8'),
    )
    expect(second).toBe(first)
  })

  it('a person signs in once for two portals, refreshes, and signs out', async () => {
    const person = await openPerson(services)
    const [first, second] = [
      await registerPortal(services, { consent: 'implicit', scope: 'openid profile offline_access' }),
      await registerPortal(services, { consent: 'implicit', backchannel_logout_uri: 'http://localhost:9/logout' }),
    ]
    const visitor = new Visitor(services.settings.issuer)
    const begun = await first.begin({ prompt: 'consent' })
    let page = await signIn(visitor, await visitor.get(begun.url), person.username)
    if (!page.leads) page = await visitor.submit(page, '/consent', { decision: 'allow' })
    const tokens = await begun.finish(page)
    const again = await second.begin()
    const { id_token: hint = '' } = await again.finish(await visitor.get(again.url))
    const refreshed = await oidc.refreshTokenGrant(first.configuration, tokens.refresh_token ?? '')
    const told = await oidc.fetchUserInfo(first.configuration, refreshed.access_token, tokens.claims()?.sub ?? '')
    expect(told.name).toBe('陈大文')

    const asked = await visitor.get(oidc.buildEndSessionUrl(second.configuration, { id_token_hint: hint }))
    await visitor.submit(asked, '/logout/confirm', { logout: 'yes' })
    const later = await first.begin()
    expect((await visitor.get(later.url)).html).toContain('name="password"')
    expect(await services.database.selectFrom('logout_deliveries').select('client_id').execute()).toEqual([
      { client_id: second.clientId },
    ])
  })

  it('a computer signs in by a phone', async () => {
    const { computer, phone, begun } = await computerAndPhone(services)
    await letIn(phone, await scan(phone, await computer.start()), computer)
    expect((await begun.finish(await computer.redeem())).claims()?.amr).toEqual(['qr'])
  })

  it('a handler acts for an organisation until the mandate is ended', async () => {
    const portal = await registerPortal(services, {
      scope: 'openid profile representee offline_access',
      consent: 'implicit',
    })
    const { organisation, mandate, tokens } = await acting(services, portal)
    expect(tokens.claims()?.['representee']).toMatchObject({ sub: organisation.id })
    await end(services, mandate.id, organisation.representative)
    await until(async () => {
      const { active } = await oidc.tokenIntrospection(portal.configuration, tokens.access_token)
      return !active
    })
  })

  it('a person registers, makes a passkey, signs in by it, and recovers the account by a code', async () => {
    const { issuer } = services.settings
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(issuer)
    const asked = await visitor.get((await portal.begin()).url)
    const account = {
      name: '欧阳探针',
      document_type: 'resident_id',
      document_number: residentId('44030019760317012'),
      phone: '13912345678',
      username: 'canary76317',
    }
    const form = await visitor.get(`${asked.url.pathname}/register`)
    await visitor.submit(form, '/register', { ...account, password, password_again: password, consent: 'yes' })
    const phone = await signedInPhone(issuer, account)
    const authenticator = new SoftwareAuthenticator(issuer)
    await addPasskey(phone, authenticator)
    const begun = await portal.begin()
    const fresh = new Visitor(issuer)
    const tokens = await begun.finish(await signInByPasskey(fresh, await fresh.get(begun.url), authenticator))
    expect(tokens.claims()?.amr).toEqual(['swk', 'user'])
    const person = await services.persons.findByIdentifier(readIdentifier(account.username))
    const [code = ''] = await services.recovery.makeCodes(person?.id ?? '', { actor: 'person' })
    await recoverBy(services, { identifier: account.username, knowledge: account.document_number, code })
    // this browser has a passkey, so its password is one step away
    const page = await fresh.get((await portal.begin()).url)
    await signIn(fresh, await fresh.get(`${page.url.pathname}?way=password`), account.username, newPassword)
  })

  it('neither store has personal data or credentials of these sign-ins in plain text', async () => {
    const { rows: tables } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = 'public'`.execute(services.database)
    const stored: string[] = []
    for (const { name } of tables) {
      const { rows } = await sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.table(name)} t`.execute(
        services.database,
      )
      stored.push(...rows.map(({ row }) => `${name} ${row}`))
    }
    const everyKey = `local all = {}
      for _, key in ipairs(redis.call('KEYS', '*')) do
        local kind = redis.call('TYPE', key).ok
        local value = kind == 'string' and redis.call('GET', key) or cjson.encode(redis.call('ZRANGE', key, 0, -1))
        all[#all + 1] = key .. ' ' .. string.gsub(value, '\\n', ' ')
      end
      return all`
    stored.push(...redisCli(redis, 'EVAL', everyKey, '0').split('\n'))
    for (const kind of ['natural_persons ', 'audit_events ', 'yideng:Session:', 'yideng:Grant:'])
      expect(
        stored.some((row) => row.startsWith(kind)),
        kind,
      ).toBe(true)
    const people = await services.persons.list({ limit: 1000 })
    const personal = people
      .map(services.persons.reveal)
      .flatMap(({ name, documentNumber, phone, username }) => [
        name,
        documentNumber,
        phone.replace(/^\+86/, ''),
        username,
      ])
    const secret = [...wire, ...personal]
    expect(secret.length).toBeGreaterThan(100)
    const forms = secret.flatMap((text) => [text, Buffer.from(text).toString('hex')])
    const found = stored.flatMap((row) => forms.filter((form) => row.includes(form)).map((form) => [form, row]))
    expect(found).toEqual([])
  })

  it('one dies during a login: the other continues it', async () => {
    const person = await openPerson(services)
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(services.settings.issuer)
    const begun = await portal.begin()
    const page = await visitor.get(begun.url)
    await one.kill('SIGKILL')
    expect((await begun.finish(await signIn(visitor, page, person.username))).id_token).toBeTypeOf('string')
    await one.restart()
  })

  it('while Redis is unavailable all requests get 503, and afterwards work without a restart', async () => {
    const person = await openPerson(services)
    const portal = await registerPortal(services, { consent: 'implicit' })
    const visitor = new Visitor(services.settings.issuer)
    const begun = await portal.begin()
    const page = await visitor.get(begun.url)
    const entered = await portal.begin()
    const code = await signIn(visitor, await visitor.get(entered.url), person.username)
    redisCli(redis, 'SHUTDOWN', 'NOSAVE')

    const refused = await signIn(visitor, page, person.username)
    expect(refused.status).toBe(503)
    expect(refused.html).toContain('一登暂时无法使用')
    expect(refused.headers.get('retry-after')).toBe('10')
    const origin = new Visitor(services.settings.issuer)
    expect((await origin.get(begun.url)).status).toBe(503)
    const { cause: answer } = (await entered.finish(code).catch((error: unknown) => error)) as { cause: Response }
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '10'])
    expect(await answer.json()).toMatchObject({ error: 'temporarily_unavailable' })
    for (const server of [one, two]) {
      const ready = await fetch(`http://localhost:${server.environment['PORT'] ?? ''}/readyz`)
      expect([ready.status, await ready.json()]).toEqual([503, { status: 'not ready', missing: ['stores'] }])
    }

    await startRedis({ port: redis })
    // processes reconnect at different times: a sign-in succeeds after all of them did
    await until(async () => {
      const fresh = await portal.begin()
      const asked = await visitor.get(fresh.url)
      if (asked.status === 503) return false
      const answered = await signIn(visitor, asked, person.username)
      if (answered.status === 503) return false
      const tokens = await fresh.finish(answered).catch(({ cause }: { cause: Response }) => {
        expect(cause.status).toBe(503)
      })
      return typeof tokens?.id_token === 'string'
    })
    expect(await checkChain(services.database)).toMatchObject({ whole: true })
  })
})
