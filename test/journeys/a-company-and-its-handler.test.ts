import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as oidc from 'openid-client'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDemo, type Demo } from '../../examples/demo/start-demo.ts'
import { createYideng } from '../../examples/demo/provider.ts'
import { creditCodeCheck } from '../../src/accounts/identifiers/gb32100.ts'
import { desktop, expectAccessible, openContext, phone, signInOn, useBrowser } from '../setup/browser.ts'
import { freePort } from '../setup/free-port.ts'
import { cannotRun } from '../setup/parts.ts'
import { until } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const company = '深圳市海棠图书有限公司'
const body = '91440000MA1111111'
const uscc = body + creditCodeCheck(body)

describe.skipIf(cannotRun('browser'))('a company and its handler', () => {
  const browser = useBrowser()
  const directory = mkdtempSync(join(tmpdir(), 'yideng-company-'))
  const dataDir = join(directory, 'demo')
  let demo: Demo
  let yideng: ReturnType<typeof createYideng>

  beforeAll(async () => {
    const portBase = 20_000 + Math.floor((await freePort()) / 4)
    // no person of the demo has a verified face
    const env = { PATH: process.env['PATH'] ?? '', YIDENG_ORGANISATION_LEVEL: '3' }
    const port = await freePort()
    demo = await startDemo({ port, portBase, dataDir, env })
    yideng = createYideng({
      ...env,
      PORT: String(port),
      YIDENG_ISSUER: demo.issuer,
      YIDENG_DATA_DIR: dataDir,
      YIDENG_KEYS_DIR: join(dataDir, 'keys'),
      YIDENG_RESOURCES: join(dataDir, 'resources.json'),
      YIDENG_DEMO: 'true',
    })
  })
  afterAll(async () => {
    await demo?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const personOf = (username: string) => {
    const person = demo.people.find((one) => one.username === username)
    if (!person) throw new Error(`the demo has no ${username}`)
    return person
  }

  const signInHere = (page: Page, username: string) => signInOn(page, personOf(username))

  it('opens an account, authorises a handler, and revokes the mandate at once', async () => {
    const enterprise = demo.portals.at(-1)
    if (!enterprise) throw new Error('the demo has no portal for organisations')
    const representative = personOf('lixiaolan')
    const handler = personOf('gulnar')
    const csv = join(directory, 'organisations.csv')
    const head = 'uscc,name,status,representative_document_type,representative_document_number'
    writeFileSync(csv, `${head}\n${uscc},${company},active,resident_id,${representative.documentNumber}\n`)
    await yideng(['register', 'import', csv, '--kind', 'organisations'])

    // the representative opens the company and offers a mandate
    const mine = await openContext(browser(), desktop)
    const own = await mine.context.newPage()
    await own.goto(`${demo.issuer}/account/organisations`)
    await signInHere(own, representative.username)
    await expectAccessible(own)
    await own.getByLabel('统一社会信用代码').fill(uscc)
    await own.getByRole('button', { name: '核对并登记' }).click()
    await own.getByRole('heading', { name: company }).waitFor()
    await expectAccessible(own)
    await own.getByRole('link', { name: '授权给别人' }).click()
    await own.getByLabel('对方的姓名').fill(handler.name)
    await own.getByLabel('对方的手机号或证件号码').fill(handler.phone)
    await own.getByLabel('查看电子证照').check()
    await expectAccessible(own)
    await own.getByRole('button', { name: '发出邀请' }).click()
    const code = (await own.locator('.code-words').textContent()) ?? ''
    expect(code).toMatch(/^\d{6}$/)
    await expectAccessible(own)

    // the handler accepts on a phone; the page shows nothing before the right code
    const theirs = await openContext(browser(), phone)
    const page = await theirs.context.newPage()
    await page.goto(`${demo.issuer}/account/invitations`)
    await signInHere(page, handler.username)
    await page.getByRole('heading', { name: '有人告诉您 6 位数？' }).waitFor()
    expect(await page.textContent('main')).not.toContain(company)
    await expectAccessible(page)
    await page.getByLabel('对方告诉您的 6 位数').fill(code === '000000' ? '000001' : '000000')
    await page.getByRole('button', { name: '查看邀请' }).click()
    expect(await page.textContent('main')).toContain('这个数不对')
    await page.getByLabel('对方告诉您的 6 位数').fill(code)
    await page.getByRole('button', { name: '查看邀请' }).click()
    await page.getByRole('heading', { name: `${company}请您代表它办事` }).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: '接受', exact: true }).click()
    await page.getByRole('heading', { name: company }).waitFor()
    await expectAccessible(page)

    // the handler acts for it at the portal for organisations, without a second sign-in
    await page.goto(`${enterprise.url}/login`)
    await expectAccessible(page)
    await page.getByRole('button', { name: company }).click()
    await page.waitForURL(`${enterprise.url}/**`)
    expect(await page.textContent('main')).toContain(`您正在代表 ${company} 办事`)
    await expectAccessible(page)
    await page.getByRole('link', { name: '切换' }).click()
    await page.getByRole('button', { name: company }).click()
    await page.waitForURL(`${enterprise.url}/**`)
    // the portal asks the API with an exchanged token
    await page.goto(`${enterprise.url}/licences`)
    expect(await page.textContent('main')).toContain('营业执照')

    const api = await overTheApi(handler.username)
    expect(api.body).toMatchObject({ sub: api.representee['sub'], actor: api.sub })

    // the representative revokes; the portal's session ends by back-channel
    await own.goto(`${demo.issuer}/account/organisations`)
    await own.getByRole('link', { name: company }).click()
    const revoked = Date.now()
    await own.getByRole('link', { name: '收回' }).click()
    await own.getByRole('button', { name: '收回授权' }).click()
    await own.getByText('还没有授权给别人').waitFor()
    await until(async () => {
      await page.goto(enterprise.url)
      return page.getByRole('link', { name: '使用一登登录' }).isVisible()
    })
    const took = Date.now() - revoked
    expect(took).toBeLessThan(5000)
    await expect(api.exchange()).rejects.toMatchObject({ error: 'invalid_request' })
    await page.goto(`${enterprise.url}/login`)
    expect(await page.textContent('main')).toContain('您现在不能代表任何单位或家人')
    await expectAccessible(page)
    await own.getByRole('link', { name: '授权记录' }).click()
    expect(await own.textContent('main')).toContain('授权结束')
    await expectAccessible(own)
    expect([...mine.complaints, ...theirs.complaints]).toEqual([])
    await Promise.all([mine.context.close(), theirs.context.close()])
  })

  it('lets a handler of another matter sign in, but refuses the licences', async () => {
    const api = overTheApi('chensiyuan')
    await expect(api).rejects.toMatchObject({ error: 'invalid_scope' })
  })

  /** A portal of this test: signs the person in for one organisation and calls the API in its name. */
  async function overTheApi(username: string) {
    const redirectUri = `http://localhost:${await freePort()}/callback`
    const flags = [
      '--name',
      `测试企业门户 ${username}`,
      '--redirect-uri',
      redirectUri,
      '--scope',
      'openid representee',
      '--representee',
      'required',
    ]
    const created = (await yideng([
      'client',
      'create',
      ...flags,
      '--consent',
      'implicit',
      '--resource',
      demo.resource,
    ])) as {
      client_id: string
      client_secret: string
    }
    const server = new URL(demo.issuer)
    const metadata = { id_token_signed_response_alg: 'RS256' }
    const secret = oidc.ClientSecretBasic(created.client_secret)
    const options = { execute: [oidc.allowInsecureRequests] }
    const configuration = await oidc.discovery(server, created.client_id, metadata, secret, options)
    const verifier = oidc.randomPKCECodeVerifier()
    const parameters = {
      redirect_uri: redirectUri,
      scope: 'openid representee',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }
    const visitor = new Visitor(demo.issuer)
    const asked = await visitor.get(oidc.buildAuthorizationUrl(configuration, parameters))
    const { password } = personOf(username)
    const question = await visitor.submit(asked, '/password', { identifier: username, password })
    const representee = /name="representee" value="([^"]+)"/.exec(question.html)?.[1] ?? ''
    const { leads } = await visitor.submit(question, '/representee', { representee })
    if (!leads) throw new Error('the browser did not return')
    const tokens = await oidc.authorizationCodeGrant(configuration, leads, { pkceCodeVerifier: verifier })
    const exchange = () =>
      oidc.genericGrantRequest(configuration, 'urn:ietf:params:oauth:grant-type:token-exchange', {
        subject_token: tokens.access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: demo.resource,
        scope: 'licence:read',
      })
    const exchanged = await exchange()
    const headers = { authorization: `Bearer ${exchanged.access_token}` }
    const answer = await fetch(new URL('/licences', demo.resource), { headers })
    expect(answer.status).toBe(200)
    const claims = tokens.claims()
    return {
      exchange,
      sub: claims?.sub,
      representee: claims?.['representee'] as Record<string, unknown>,
      body: (await answer.json()) as Record<string, unknown>,
    }
  }
})
