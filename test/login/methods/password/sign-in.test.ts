import { pino } from 'pino'
import { beforeAll, describe, expect, it } from 'vitest'
import { hashArgon2id } from '../../../../src/accounts/passwords/argon2id.ts'
import type { Services } from '../../../../src/services.ts'
import { readSettings } from '../../../../src/config/settings.ts'
import { openArtifacts } from '../../../../src/storage/stores.ts'
import { password } from '../../../setup/people.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { cpuMs, startServer, until, type RunningServer } from '../../../setup/server.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'
import { passwordAuthenticator } from '../../../../src/login/methods/password/stored-password.ts'

let server: RunningServer
let services: Services
let portal: Awaited<ReturnType<typeof registerPortal>>

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
  portal = await registerPortal(services, { consent: 'implicit' })
})

async function signInPage() {
  const visitor = new Visitor(server.issuer)
  return { visitor, page: await visitor.get((await portal.begin()).url) }
}

/** What a page says, without what differs from request to request. */
const saidBy = (page: Page, identifier: string) =>
  page.html
    .replaceAll(identifier, 'IDENTIFIER')
    .replaceAll(/\/login\/[\w-]+/g, '/login/X')
    .replaceAll(/%2Flogin%2F[\w-]+/g, '%2Flogin%2FX')
    .replaceAll(/nonce="[^"]+"/g, '')
    .replaceAll(/name="csrf" value="[^"]+"/g, '')

describe('sign-in by password', () => {
  it('finds the account by an identifier with marks that are not seen, but takes a password as it is', async () => {
    const known = await openPerson(services)
    for (const identifier of [
      `\u202d${known.phone}\u202c`,
      `\u2068+86${known.phone}\u2069`,
      `\u200e${known.number}`,
      `${known.username}\u200b`,
      `\ufeff${known.username}\u00a0`,
    ]) {
      const { visitor, page } = await signInPage()
      expect((await signIn(visitor, page, identifier)).status, identifier).not.toBe(400)
    }
    const { visitor, page } = await signInPage()
    expect((await signIn(visitor, page, known.username, `${password}\u200b`)).status).toBe(400)
  })

  it('counts wrong tries of one identifier together, with any marks', async () => {
    const pages: Page[] = []
    for (const mark of ['', '\u200b', '\u2060', '\ufeff', '\u200e', '\u00ad', '\u202d']) {
      const { visitor, page } = await signInPage()
      pages.push(await signIn(visitor, page, `nobody-has-this${mark}`, 'wrong-password-1'))
    }
    expect(pages.at(-1)?.status).toBe(429)
  })

  it('says that the account is locked to a person with the right password, and to no other', async () => {
    const locked = await openPerson(services)
    await services.persons.setStatus(locked.id, 'locked', { actor: 'administrator:test' })
    const { visitor, page } = await signInPage()
    const right = await signIn(visitor, page, locked.username, password)
    expect([right.status, right.html]).toEqual([400, expect.stringContaining('这个账户已经锁定')])
    const wrong = await signIn(visitor, right, locked.username, 'wrong-password-1')
    expect(wrong.html).not.toContain('锁定')
  })

  it('answers alike for a wrong password, an unknown account and a locked one', async () => {
    const known = await openPerson(services)
    const locked = await openPerson(services)
    await services.persons.setStatus(locked.id, 'locked', { actor: 'administrator:test' })
    const said = []
    for (const [identifier, secret] of [
      [known.username, 'wrong-password-1'],
      ['nobody-at-all', 'wrong-password-1'],
      [locked.username, 'wrong-password-1'],
      ['440300195603129999', 'wrong-password-1'],
    ] as const) {
      const { visitor, page } = await signInPage()
      const answer = await signIn(visitor, page, identifier, secret)
      expect(answer.status, identifier).toBe(400)
      said.push(saidBy(answer, identifier))
    }
    expect(new Set(said).size).toBe(1)
  })

  it('works as long for an unknown account as for a wrong password', async () => {
    const known = await openPerson(services)
    const worked = { known: 0, unknown: 0 }
    for (let round = 0; round < 5; round += 1) {
      for (const kind of ['known', 'unknown'] as const) {
        const { visitor, page } = await signInPage()
        const before = cpuMs(server.pid())
        await signIn(visitor, page, kind === 'known' ? known.username : `nobody${round}`, 'wrong-password-1')
        worked[kind] += cpuMs(server.pid()) - before
      }
    }
    // of some 50 ms of a request argon2 takes 40; a busy machine lengthens the wait but hardly the work
    expect(worked.unknown).toBeGreaterThan(worked.known / 2)
    expect(worked.unknown).toBeLessThan(worked.known * 2)
  })

  it('makes six wrong tries wait, account or no account, and tells both the same', async () => {
    const known = await openPerson(services)
    for (const identifier of [known.username, 'no-such-account']) {
      const { visitor, page } = await signInPage()
      for (let tries = 0; tries < 6; tries += 1) {
        expect((await signIn(visitor, page, identifier, 'wrong-password-1')).status, identifier).toBe(400)
      }
      const waiting = await signIn(visitor, page, identifier, password)
      expect(waiting.status, identifier).toBe(429)
      expect(waiting.html).toContain('15')
      expect(waiting.headers.get('retry-after')).toBe('900')
    }
    // the account waits under its other names as well, without saying so
    const { visitor, page } = await signInPage()
    expect((await signIn(visitor, page, known.phone, password)).status).toBe(400)
  })

  it('does not let strangers lock a person out of their own browser, however both name the account', async () => {
    const known = await openPerson(services)
    const own = await signInPage()
    await signIn(own.visitor, own.page, known.username)
    const names = [known.username, known.phone, known.number]
    for (const identifier of names) {
      const { visitor, page } = await signInPage()
      for (let tries = 0; tries < 6; tries += 1) await signIn(visitor, page, identifier, 'wrong-password-1')
      expect((await signIn(visitor, page, identifier)).status, 'a stranger with the right password').toBe(429)
    }
    for (const identifier of names) {
      const page = await own.visitor.get((await portal.begin({ prompt: 'login' })).url)
      // a wrong one is told there what strangers are told
      expect((await signIn(own.visitor, page, identifier, 'wrong-password-1')).status).toBe(429)
      expect((await signIn(own.visitor, page, identifier)).leads, identifier).toBeDefined()
    }
  })

  it('gains no guesses by asking in parallel', async () => {
    const known = await openPerson(services)
    const { visitor, page } = await signInPage()
    const guesses = Array.from({ length: 30 }, (_, index) =>
      signIn(visitor, page, known.username, `wrong-password-${index}`),
    )
    const answers = await Promise.all(guesses)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(6)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(24)
  })

  it('forgets wrong tries after a right one', async () => {
    const known = await openPerson(services)
    for (let round = 0; round < 2; round += 1) {
      const { visitor, page } = await signInPage()
      for (let tries = 0; tries < 5; tries += 1) await signIn(visitor, page, known.username, 'wrong-password-1')
      expect((await signIn(visitor, page, known.username)).leads).toBeDefined()
    }
  })

  it('hashes again when the parameters were raised', async () => {
    const known = await openPerson(services)
    const weak = await hashArgon2id(password, { memoryKiB: 8192, passes: 1, lanes: 1 })
    const stored = () =>
      services.database
        .selectFrom('authenticators')
        .select('data')
        .where('person_id', '=', known.id)
        .executeTakeFirstOrThrow()
    const kept = (await services.authenticators.find(known.id, 'password')) ?? expect.fail()
    await services.authenticators.replaceData(kept, passwordAuthenticator(weak).data)
    const { visitor, page } = await signInPage()
    expect((await signIn(visitor, page, known.username)).leads).toBeDefined()
    expect((await stored()).data).toMatch(/m=19456,(t=2,p=1|p=1,t=2)/)
  })

  it('ends within two seconds when the account is locked', async () => {
    const known = await openPerson(services)
    const { visitor, page } = await signInPage()
    await signIn(visitor, page, known.username)
    await services.persons.setStatus(known.id, 'locked', { actor: 'administrator:test' })
    await server.forward(1100)
    const next = await visitor.get((await portal.begin()).url)
    expect(next.leads).toBeUndefined()
    expect(next.html).toContain('name="password"')
  })

  it('accepts known browsers and limits strangers while wrong passwords come from everywhere', async () => {
    const known = await openPerson(services)
    const own = await signInPage()
    await signIn(own.visitor, own.page, known.username)
    const artifacts = await openArtifacts(readSettings(server.environment), Date.now, pino({ level: 'silent' }))
    const id = () => `wrong-${Math.floor(Date.now() / 600_000)}`
    await artifacts.put('password-house', id(), '100000', { ttl: 60 })
    const answers = []
    for (let tries = 0; tries < 6; tries += 1) {
      const { visitor, page } = await signInPage()
      answers.push(await signIn(visitor, page, `nobody-of-${tries}`))
    }
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 429])
    expect(answers[5]?.headers.get('retry-after')).toBe('600')
    const page = await own.visitor.get((await portal.begin({ prompt: 'login' })).url)
    expect((await signIn(own.visitor, page, known.username)).leads).toBeDefined()
    await artifacts.remove('password-house', id())
    await artifacts.close()
  })

  it('answers an unexpected error by a calm page; its number is in the log with the reason', async () => {
    const known = await openPerson(services)
    const { visitor, page } = await signInPage()
    const kept = (await services.authenticators.find(known.id, 'password')) ?? expect.fail()
    await services.authenticators.replaceData(kept, '{"hash":')
    const answer = await signIn(visitor, page, known.username)
    expect(answer.status).toBe(500)
    expect(answer.html).not.toMatch(/SyntaxError|JSON|\.ts:|node_modules/)
    const failed = () => /^.*"level":50.*$/m.exec(server.output())?.[0]
    await until(async () => failed() !== undefined)
    const { id, err } = JSON.parse(failed() ?? '') as { id: string; err: object }
    expect(answer.html).toContain(id)
    expect(err).toMatchObject({ type: 'SyntaxError', stack: expect.stringContaining('password/method.ts') })
  })

  it('leaves no identifier, name or password in the log, nor plain in the stores', async () => {
    const person = await openPerson(services, { name: '司徒不见' })
    const { visitor, page } = await signInPage()
    await signIn(visitor, page, person.number, 'wrong-password-zz')
    await signIn(visitor, page, person.phone)
    const { readFileSync, readdirSync } = await import('node:fs')
    const files = readdirSync(server.dataDir)
      .filter((name) => name !== 'events')
      .map((file) => readFileSync(`${server.dataDir}/${file}`))
    const session = visitor.cookies.find(({ name }) => name === 'yideng_session')?.value ?? ''
    expect(session.length).toBeGreaterThan(20)
    for (const secret of [
      person.number,
      person.phone,
      person.username,
      '司徒不见',
      password,
      'wrong-password-zz',
      session,
    ]) {
      expect(server.output(), secret).not.toContain(secret)
      for (const file of files) expect(file.includes(secret), secret).toBe(false)
    }
  })
})
