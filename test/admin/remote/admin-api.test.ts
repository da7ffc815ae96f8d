import { createHash } from 'node:crypto'
import * as oidc from 'openid-client'
import { describe, expect, it } from 'vitest'
import { administered, administrator, agree, asSignedInBy, letIn, typeCode } from '../../setup/administrator.ts'
import { openPerson } from '../../setup/person.ts'
import { Visitor } from '../../setup/visitor.ts'

const { server, services, boss, cli } = await administered()

const portalInput = { name: '门户', region: '440300', 'redirect-uri': ['https://a.example/callback'] }

describe('the device flow', () => {
  it('gives tokens only to a client with a key', async () => {
    const admin = await administrator(server, services)
    const waiting = await oidc.initiateDeviceAuthorization(cli.config, { scope: 'openid admin' })
    expect(waiting).not.toHaveProperty('verification_uri_complete')
    await agree(admin, await typeCode(admin.visitor, waiting.user_code))
    const grant = 'urn:ietf:params:oauth:grant-type:device_code'
    const take = (options = {}) =>
      oidc.genericGrantRequest(cli.config, grant, { device_code: waiting.device_code }, options)
    await expect(take()).rejects.toMatchObject({ error: 'invalid_grant' })
    const { DPoP } = cli
    await expect(take({ DPoP })).resolves.toHaveProperty('access_token')
    await expect(take({ DPoP })).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it('accepts no code in a link', async () => {
    const { user_code: code } = await oidc.initiateDeviceAuthorization(cli.config, { scope: 'openid admin' })
    const page = await boss.visitor.get(`/device?user_code=${code}`)
    expect(page.html).not.toContain(code)
    expect(page.html).toContain('name="user_code"')
  })

  it('the code needs no extra row in the store, and the pages of the flow still find it', async () => {
    const admin = await administrator(server, services)
    const waiting = await oidc.initiateDeviceAuthorization(cli.config, { scope: 'openid admin' })
    await agree(admin, await typeCode(admin.visitor, waiting.user_code))
    const grant = 'urn:ietf:params:oauth:grant-type:device_code'
    const take = (code: string) =>
      oidc.genericGrantRequest(cli.config, grant, { device_code: code }, { DPoP: cli.DPoP })
    const kept = createHash('sha256').update(waiting.device_code).digest('base64url')
    for (const code of [kept, `held:${kept}`]) {
      await expect(take(code)).rejects.toMatchObject({ error: 'invalid_grant' })
    }
    await expect(take(waiting.device_code)).resolves.toHaveProperty('access_token')
  })

  it('shows the waiting sign-in, and gives no token where the person refuses', async () => {
    const waiting = await oidc.initiateDeviceAuthorization(cli.config, { scope: 'openid admin' })
    const page = await typeCode(boss.visitor, waiting.user_code.toLowerCase())
    expect(page.html).toContain(waiting.user_code)
    expect(page.html).toContain('只有您刚刚亲手输入了这条命令')
    const ended = await boss.visitor.submit(page, '/device', { abort: 'yes' })
    expect(ended.html).toContain('已拒绝')
    await expect(
      oidc.pollDeviceAuthorizationGrant(cli.config, { ...waiting, interval: 0 }, undefined, { DPoP: cli.DPoP }),
    ).rejects.toMatchObject({ error: 'access_denied' })
    const again = await typeCode(boss.visitor, waiting.user_code)
    expect(again).toMatchObject({ status: 400 })
    expect((await typeCode(boss.visitor, 'BBBB-BBBB')).html).toContain('没有这个代码')
  })

  it('refuses forged forms', async () => {
    const { user_code: code } = await oidc.initiateDeviceAuthorization(cli.config, { scope: 'openid admin' })
    const page = await boss.visitor.get('/device')
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    for (const fields of [
      { user_code: code, confirm: 'yes' },
      { user_code: code, confirm: 'yes', xsrf: 'x'.repeat(xsrf.length) },
    ]) {
      const refused = await boss.visitor.post('/device', fields)
      expect(refused).toMatchObject({ status: 400 })
      expect(refused.html).not.toContain(code)
    }
    const stranger = new Visitor(server.issuer)
    expect(await stranger.post('/device', { user_code: code, confirm: 'yes', xsrf })).toMatchObject({ status: 400 })
  })

  it('ends where the person cancels the sign-in', async () => {
    const { visitor } = await administrator(server, services)
    const waiting = await oidc.initiateDeviceAuthorization(cli.config, { scope: 'openid admin' })
    const page = await visitor.submit(await typeCode(visitor, waiting.user_code), '/device', { confirm: 'yes' })
    const left = await visitor.submit(page, '/cancel', {})
    expect(left.html).toContain('已拒绝')
    await expect(
      oidc.pollDeviceAuthorizationGrant(cli.config, { ...waiting, interval: 0 }, undefined, { DPoP: cli.DPoP }),
    ).rejects.toMatchObject({ error: 'access_denied' })
  })

  it('refuses a person who is no administrator', async () => {
    const somebody = await administrator(server, services, 'nobody')
    const waiting = await oidc.initiateDeviceAuthorization(cli.config, { scope: 'openid admin' })
    const page = await agree(somebody, await typeCode(somebody.visitor, waiting.user_code))
    expect(page.html).toContain('这个账户不是管理员')
    await expect(
      oidc.pollDeviceAuthorizationGrant(cli.config, { ...waiting, interval: 0 }, undefined, { DPoP: cli.DPoP }),
    ).rejects.toMatchObject({ error: 'access_denied' })
  })

  it.each([[['pwd']], [['qr']], [['swk']], [['user', 'pwd']], [['swk', 'user', 'qr']]])(
    'asks for a passkey where %j signed in',
    async (amr) => {
      const admin = await administrator(server, services)
      await asSignedInBy(server, admin.id, amr)
      const waiting = await oidc.initiateDeviceAuthorization(cli.config, { scope: 'openid admin' })
      const asked = await typeCode(admin.visitor, waiting.user_code)
      const page = await admin.visitor.submit(asked, '/device', { confirm: 'yes' })
      expect(page.url.pathname).toMatch(/^\/login\//)
      expect(page.html).not.toContain('name="password"')
      // a posted password opens no session either
      const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
      const fields = { csrf, identifier: admin.username, password: admin.password }
      const posted = await admin.visitor.post(`${page.url.pathname}/password`, fields)
      expect(posted.url.pathname).toMatch(/^\/login\//)
      expect(posted.status).toBe(403)
    },
  )
})

describe('the answers', () => {
  it('are those of the command line, or problem documents', async () => {
    const created = await cli.call('client/create', portalInput)
    expect(created).toMatchObject({ status: 200, body: { document: { region: '440300' } } })
    const { client_id: id, client_secret: secret } = created.body.document as Record<string, string>
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(await cli.call('client/show', { id })).toMatchObject({ status: 200, body: { document: { client_id: id } } })
    const gone = await cli.call('client/show', { id: 'nobody' })
    expect(gone).toMatchObject({ status: 404, body: { kind: 'not_found', status: 404 } })
    expect(gone.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(gone.headers.get('cache-control')).toBe('no-store')
    expect(await cli.call('client/delete', { id })).toMatchObject({ status: 202, body: { fault: /second/ } })
    expect(await cli.call('migrate')).toMatchObject({ status: 403, body: { kind: 'forbidden' } })
  })

  it.each([
    [{}, 'id'],
    [{ id: 7 }, 'id'],
    [{ id: 'x', shape: 'round' }, 'shape'],
    [{ id: 'x', __proto__: null, constructor: 1 }, 'constructor'],
    [{ id: 'x'.repeat(5000) }, 'id'],
    [{ id: 'x', 'min-level': '3' }, 'min-level'],
    [{ id: 'x', 'min-level': 7 }, 'min-level'],
    [{ id: 'x', consent: 'none' }, 'consent'],
    [{ id: 'x', 'redirect-uri': 'https://a.example/' }, 'redirect-uri'],
  ])('name what is wrong with %j', async (input, field) => {
    const answer = await cli.call('client/update', input)
    expect(answer).toMatchObject({ status: 400, body: { kind: 'invalid' } })
    expect(answer.body.problems?.map((problem) => problem.field)).toContain(field)
  })

  it('refuse bodies that are too long, broken or of another kind', async () => {
    expect(await cli.call('client/show', { id: 'x'.repeat(70_000) })).toMatchObject({ status: 413 })
    expect(await cli.call('client/show', [])).toMatchObject({ status: 400 })
    expect(await cli.call('client/show', null)).toMatchObject({ status: 400 })
    const unknown = await cli.call('client/destroy')
    expect(unknown.status).toBe(404)
  })
})

describe('an administrator', () => {
  it('loses access at once with the role, and gets it back with the role', async () => {
    const admin = await administrator(server, services, { role: 'operator', region: '440300' })
    const own = await letIn(server, admin)
    expect(await own.call('client/list')).toMatchObject({ status: 200 })
    await services.administrators.revoke(admin.id, 'administrator:test')
    expect(await own.call('client/list')).toMatchObject({ status: 403 })
    await services.administrators.grant({ personId: admin.id, role: 'viewer', region: '440300' }, 'administrator:test')
    expect(await own.call('client/list')).toMatchObject({ status: 200 })
    expect(await own.call('client/create', portalInput)).toMatchObject({ status: 403 })
  })

  it('loses access with the account', async () => {
    const admin = await administrator(server, services)
    const own = await letIn(server, admin)
    await services.persons.setStatus(admin.id, 'locked', { actor: 'administrator:test' })
    // the lock ends her sessions too, so one of two reasons refuses the call
    expect([401, 403]).toContain((await own.call('client/list')).status)
  })

  it('loses access with the sign-in', async () => {
    const admin = await administrator(server, services)
    const own = await letIn(server, admin)
    expect(await own.call('client/list')).toMatchObject({ status: 200 })
    await asSignedInBy(server, admin.id, ['pwd'])
    expect(await own.call('client/list'), 'signed in again by password').toMatchObject({ status: 401 })
    await asSignedInBy(server, admin.id, ['hwk', 'user'])
    const leave = await admin.visitor.get('/logout')
    await admin.visitor.submit(leave, '/logout/confirm', { logout: 'yes' })
    expect(await own.call('client/list'), 'signed out').toMatchObject({ status: 401 })
  })

  it('leaves audit entries without personal data or secrets', async () => {
    const person = await openPerson(services, { name: '上官明月' })
    const created = await cli.call('client/create', { ...portalInput, name: '留痕门户' })
    const { client_id: id, client_secret: secret } = created.body.document as Record<string, string>
    await cli.call('client/update', { id, 'min-level': 3 })
    await cli.call('client/rotate-secret', { id })
    await cli.call('person/show', { id: person.id })
    await cli.call('person/create', {
      name: '慕容雪',
      'id-number': person.number,
      phone: '13912345678',
      username: 'murongxue',
      password: 'Baiyun-Shan-2026',
    })
    const rows = await services.database
      .selectFrom('audit_events')
      .select(['event', 'actor', 'details', 'restricted'])
      .where('actor', '=', `administrator:${boss.id}`)
      .execute()
    const acted = rows.filter(({ event }) => event === 'administrator.acted').map(({ details }) => JSON.parse(details))
    expect(acted).toContainEqual(
      expect.objectContaining({ command: 'person show', target: person.id, outcome: 'done', role: 'admin' }),
    )
    const detailsOf = (name: string) =>
      JSON.parse(rows.findLast(({ event }) => event === name)?.details ?? '') as unknown
    expect(detailsOf('client.updated')).toEqual({
      changed: ['min_level'],
      before: '{"min_level":2}',
      after: '{"min_level":3}',
    })
    expect(detailsOf('client.secret-rotated')).toEqual({ changed: ['secretHash'], before: '{}', after: '{}' })
    expect(JSON.stringify(rows)).not.toContain(secret)
    expect(JSON.stringify(rows)).not.toMatch(/慕容雪|上官|13912345678|Baiyun|127\.0\.0\.1/)
    expect(server.output()).not.toMatch(/慕容雪|上官|13912345678|Baiyun/)
  })

  it('names a person by what they show; server log, audit log and answers have the id and masks only', async () => {
    const person = await openPerson(services, { name: '百里长风' })
    const ways = [
      { id: person.phone },
      { id: person.number },
      { 'id-number': person.number },
      { phone: person.phone },
      { username: person.username },
    ]
    for (const input of [...ways, { name: '百里长风' }]) {
      const found = await cli.call('person/find', input)
      expect([input, found.status, JSON.stringify(found.body)]).toEqual([
        input,
        200,
        expect.stringContaining(person.id),
      ])
    }
    for (const input of ways) {
      expect(await cli.call('person/show', input)).toMatchObject({ status: 200, body: { document: { id: person.id } } })
      expect(await cli.call('person/lock', input)).toMatchObject({ body: { document: { status: 'locked' } } })
    }
    const waits = await cli.call('person/correct', { 'id-number': person.number, phone: '13899990000', reason: '换号' })
    expect(waits).toMatchObject({ status: 202, body: { document: { state: 'waiting' } } })
    const unknown = await cli.call('person/show', { id: '13899990000' })
    expect([unknown.status, JSON.stringify(unknown.body)]).toEqual([404, expect.not.stringContaining('13899990000')])
    const rows = await services.database
      .selectFrom('audit_events')
      .selectAll()
      .where('actor', '=', `administrator:${boss.id}`)
      .execute()
    const secrets = new RegExp(`${person.number}|${person.phone}|${person.username}|百里|13899990000|换号`)
    expect(JSON.stringify(rows)).not.toMatch(secrets)
    expect(server.output()).not.toMatch(secrets)
    const acted = rows.filter(({ event }) => event === 'administrator.acted').map(({ details }) => JSON.parse(details))
    expect(acted).toContainEqual(
      expect.objectContaining({ command: 'person lock', target: person.id, given: ['phone'], outcome: 'done' }),
    )
  })
})
