import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setDefaultCACertificates } from 'node:tls'
import { makeAuthority, makeServerCertificate } from '../../examples/demo/lan/certificates.ts'
import { startFront } from '../../examples/demo/lan/front.ts'
import { createYideng, startProvider } from '../../examples/demo/provider.ts'
import { chromiumPath } from '../setup/chromium.ts'
import { freePort } from '../setup/free-port.ts'
import { Visitor } from '../setup/visitor.ts'

/** Measures five pages of a server in production behind TLS (npm run docs:lighthouse [page]); npx fetches Lighthouse. */
const lighthouse = 'lighthouse@12.8.2'
const only = process.argv[2]
/** A second address of this machine: server and front have one port. */
const address = '127.0.0.2'

const now = new Date().getTime()
const authority = makeAuthority({ name: 'localhost', network: [127, 0, 0, 0], mask: [255, 0, 0, 0] }, now)
setDefaultCACertificates([authority.cert])
const directory = mkdtempSync(join(tmpdir(), 'yideng-lighthouse-'))
const port = await freePort()
const issuer = `https://${address}:${port}`
const environment = {
  ...process.env,
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  PORT: String(port),
  YIDENG_ISSUER: issuer,
  YIDENG_TRUST_PROXY: 'true',
  YIDENG_DATA_DIR: directory,
  YIDENG_KEYS_DIR: join(directory, 'keys'),
  YIDENG_OPERATOR_NAME: '广东省政务服务和数据管理局',
  YIDENG_SERVICE_NAME: '广东省统一身份认证',
  YIDENG_OFFICIAL_DOMAIN: 'login.gd.gov.cn',
}
const provider = await startProvider(`http://127.0.0.1:${port}`, directory, environment)
const front = await startFront(
  { address, host: address },
  makeServerCertificate(authority, 'localhost', address, now),
  port,
)
const yideng = createYideng(environment)
const callback = 'https://portal.example.gov.cn/callback'
const portal = ['--name', '广东省政务服务网', '--organisation', '广东省政务服务和数据管理局', '--region', '440000']
const client = (await yideng(['client', 'create', ...portal, '--redirect-uri', callback])) as { client_id: string }
const secret = 'correct horse battery 9'
const person = [
  '--name',
  '张三',
  '--id-number',
  '440000198001120759',
  '--phone',
  '13800138000',
  '--username',
  'zhangsan',
]
await yideng(['person', 'create', ...person, '--password-stdin', '--level', '3'], `${secret}\n`)
const visitor = new Visitor(issuer)
await visitor.submit(await visitor.get('/account'), '/password', { identifier: 'zhangsan', password: secret })
const cookie = visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')

const request = new URLSearchParams({
  client_id: client.client_id,
  redirect_uri: callback,
  response_type: 'code',
  scope: 'openid',
  state: 's',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', // RFC 7636, appendix B
  code_challenge_method: 'S256',
})
const paths = {
  home: '/',
  'sign-in': `/authorize?${request.toString()}`,
  registration: '/register',
  account: '/account',
  error: '/none',
}
interface Report {
  categories: Record<string, { score: number }>
  audits: Record<string, { displayValue?: string }>
  environment: { benchmarkIndex: number }
}
for (const [name, path] of Object.entries(paths)) {
  if (only !== undefined && only !== name) continue
  const file = join(directory, `${name}.json`)
  const flags = ['--output=json', `--output-path=${file}`, '--quiet', '--ignore-status-code', '--disable-storage-reset']
  const chrome = '--chrome-flags=--headless=new --no-sandbox --ignore-certificate-errors'
  const signedIn = name === 'account' ? [`--extra-headers=${JSON.stringify({ Cookie: cookie })}`] : []
  const running = spawn('npx', ['--yes', lighthouse, issuer + path, ...flags, chrome, ...signedIn], {
    env: { ...process.env, CHROME_PATH: chromiumPath() },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await new Promise((resolve) => running.once('exit', resolve))
  const { categories, audits, environment: machine } = JSON.parse(readFileSync(file, 'utf8')) as Report
  const scores = Object.entries(categories).map(([category, { score }]) => `${category} ${Math.round(score * 100)}`)
  const times = ['first-contentful-paint', 'largest-contentful-paint', 'total-blocking-time', 'cumulative-layout-shift']
  console.log(name, ...scores, ...times.map((time) => audits[time]?.displayValue), `machine ${machine.benchmarkIndex}`)
}
await front.close()
await provider.close()
rmSync(directory, { recursive: true, force: true })
