import http from 'node:http'
import { createHash, randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { openHouse } from './src/admin/house.ts'
import { readSettings } from './src/config/settings.ts'
import { createPasswords } from './src/accounts/passwords/hash.ts'
import { Visitor } from './test/setup/visitor.ts'
const dir = mkdtempSync('/tmp/quick-'); const port = 3777
const env = { PORT: String(port), YIDENG_DATA_DIR: dir + '/data', YIDENG_KEYS_DIR: dir + '/keys', YIDENG_LOG_LEVEL: 'warn' }
const prof = process.argv.includes('--prof')
const child = spawn('taskset', ['-c', '0', process.execPath, ...(prof ? ['--cpu-prof', '--cpu-prof-dir=/tmp/prof'] : []), 'bin/server.mjs'], { env: { ...process.env, ...env, NODE_ENV: 'x' }, stdio: 'inherit' })
const issuer = `http://localhost:${port}`
for (;;) { if ((await fetch(issuer + '/readyz').catch(() => undefined))?.ok) break; await new Promise(r => setTimeout(r, 50)) }
const house = await openHouse(readSettings(env), Date.now)
const created = await house.clients.create({ name: 'b', redirect_uris: ['http://localhost:4999/cb'], scope: 'openid profile', consent: process.argv.includes('--ask') ? 'ask' : 'implicit' }, 'x')
if (!created.ok) throw 1
const id = created.client.id, secret = created.secret!
await house.persons.create({ document: { type: 'resident_id', number: '440300199001011239' }, name: '张三', phone: '+8613800000001', username: 'benchuser', passwordHash: await createPasswords().hash('abc-def-ghi'), vouchedLevel: 3 }, { actor: 'x' })
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
function req(method: string, path: string, headers: Record<string, string>, body?: string): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => { const r = http.request({ agent, host: '127.0.0.1', port, method, path, headers: { host: `localhost:${port}`, ...headers, ...(body ? { 'content-length': Buffer.byteLength(body) } : {}) } }, res => { let t = ''; res.setEncoding('utf8'); res.on('data', d => t += d); res.on('end', () => resolve({ status: res.statusCode!, headers: res.headers, body: t })) }); r.on('error', reject); r.end(body) }) }
const auth = 'Basic ' + Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')
const jars: Map<string, string>[] = []
const q = (v: string) => `/authorize?client_id=${id}&redirect_uri=${encodeURIComponent('http://localhost:4999/cb')}&response_type=code&scope=openid%20profile&state=s&nonce=n&code_challenge=${createHash('sha256').update(v).digest('base64url')}&code_challenge_method=S256`
for (let i = 0; i < 32; i++) { const v = new Visitor(issuer); let p = await v.get(q('x'.repeat(43))); p = await v.submit(p, '/password', { identifier: 'benchuser', password: 'abc-def-ghi' }); if (!p.leads) p = await v.submit(p, '/consent', { decision: 'allow' }); if (!p.leads) throw new Error(p.html); jars.push(new Map(v.cookies.filter(c => c.path === '/').map(c => [c.name, c.value]))) }
async function flow(jar: Map<string, string>) {
  const v = randomBytes(32).toString('base64url')
  const a = await req('GET', q(v), { cookie: [...jar].map(([k, x]) => `${k}=${x}`).join('; ') })
  for (const c of a.headers['set-cookie'] ?? []) { const [p] = c.split(';'); const i = p!.indexOf('='); jar.set(p!.slice(0, i), p!.slice(i + 1)) }
  const code = new URL(a.headers.location!).searchParams.get('code'); if (!code) throw new Error('no code ' + a.headers.location)
  const t = await req('POST', '/token', { authorization: auth, 'content-type': 'application/x-www-form-urlencoded' }, `grant_type=authorization_code&code=${code}&redirect_uri=${encodeURIComponent('http://localhost:4999/cb')}&code_verifier=${v}`)
  if (t.status !== 200) throw new Error(t.body)
  const u = await req('GET', '/userinfo', { authorization: 'Bearer ' + JSON.parse(t.body).access_token })
  if (u.status !== 200) throw new Error(u.body)
}
const run = async (ms: number) => { const end = Date.now() + ms; let n = 0; const t = performance.now(); await Promise.all(jars.map(async j => { while (Date.now() < end) { await flow(j); n++ } })); return n / (performance.now() - t) * 1000 }
await run(2000); for (let i = 0; i < 3; i++) console.log('flows/s', (await run(3000)).toFixed(1))
child.kill('SIGINT'); await new Promise(r => child.on('exit', r)); process.exit(0)
