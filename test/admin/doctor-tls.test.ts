import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { certificate } from '../../src/admin/doctor-tls.ts'
import { readSettings } from '../../src/config/settings.ts'
import { freePort } from '../setup/free-port.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const day = 86_400_000

/** A server with a certificate of its own making, for ninety days. */
async function served() {
  const directory = temporaryDirectory()
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const asked = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=localhost'
  const made = spawnSync('openssl', [...asked.split(' '), '-keyout', key, '-out', cert])
  if (made.status !== 0) return undefined
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => socket.end())
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  onTestFinished(() => void server.close())
  return `https://localhost:${(server.address() as AddressInfo).port}`
}

const look = (issuer: string, now = Date.now()) => certificate(readSettings({ YIDENG_ISSUER: issuer }), now)

it('tells a certificate that nobody trusts, and one that has ended', async ({ skip }) => {
  const issuer = await served()
  if (issuer === undefined) return skip('openssl is not installed')
  expect(await look(issuer)).toEqual([
    {
      state: 'fail',
      what: 'certificate',
      finding: expect.stringContaining('will not trust'),
      todo: expect.any(String),
    },
  ])
  expect(await look(issuer, Date.now() + 91 * day)).toEqual([
    { state: 'fail', what: 'certificate', finding: expect.stringContaining('it ended on'), todo: expect.any(String) },
  ])
  return undefined
})

it('tells an address where nobody answers, and asks nothing without https', async () => {
  const [finding] = await look(`https://localhost:${await freePort()}`)
  expect(finding).toMatchObject({ state: 'warn', finding: expect.stringContaining('cannot be reached') })
  expect(await look('http://localhost:3000')).toEqual([])
})
