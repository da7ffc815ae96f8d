import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { certificate } from '../../../src/admin/doctor/tls.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { makeCertificate, noOpenssl } from '../../setup/certificate.ts'
import { freePort } from '../../setup/free-port.ts'

const day = 86_400_000

/** A server with a self-signed certificate. */
async function served() {
  const { key, cert } = makeCertificate()
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => socket.end())
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  onTestFinished(() => void server.close())
  return `https://localhost:${(server.address() as AddressInfo).port}`
}

const look = (issuer: string, now = Date.now()) => certificate(readSettings({ YIDENG_ISSUER: issuer }), now)

it.skipIf(noOpenssl)('reports an untrusted and an expired certificate', async () => {
  const issuer = await served()
  expect(await look(issuer)).toEqual([
    {
      state: 'fail',
      what: 'certificate',
      finding: expect.stringContaining('do not trust'),
      todo: expect.any(String),
    },
  ])
  expect(await look(issuer, Date.now() + 91 * day)).toEqual([
    { state: 'fail', what: 'certificate', finding: expect.stringContaining('it ended on'), todo: expect.any(String) },
  ])
})

it('reports an address without an answer, and needs no certificate without https', async () => {
  const [finding] = await look(`https://localhost:${await freePort()}`)
  expect(finding).toMatchObject({ state: 'warn', finding: expect.stringContaining('cannot be reached') })
  expect(await look('http://localhost:3000')).toEqual([])
})
