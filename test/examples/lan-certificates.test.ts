import { X509Certificate } from 'node:crypto'
import { statSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeAuthority, makeServerCertificate, type Issued } from '../../examples/demo/lan/certificates.ts'
import { lanCertificates, lanOf, ownAddresses } from '../../examples/demo/lan/lan.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const now = new Date().getTime()
const day = 86_400_000
const loopback = { network: [127, 0, 0, 0], mask: [255, 0, 0, 0] }

/** What a client that trusts only `authority` says about a server with `issued`, which it knows as `servername`. */
async function verdict(authority: Issued, issued: Issued, servername: string): Promise<string> {
  const server = createServer(issued)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername, ca: authority.cert }, () => {
      resolve(socket.authorized ? 'trusted' : String(socket.authorizationError))
      socket.destroy()
    })
    socket.on('error', (error) => resolve(error.message))
  })
}

describe('the authority of a demo', () => {
  const authority = makeAuthority({ name: 'demo.example', ...loopback }, now)

  it('vouches for its name and for addresses of its network', async () => {
    const issued = makeServerCertificate(authority, 'demo.example', '127.0.0.1', now)
    expect(await verdict(authority, issued, 'demo.example')).toBe('trusted')
    const { subjectAltName, ca, validFromDate, validToDate } = new X509Certificate(issued.cert)
    expect(subjectAltName).toBe('DNS:demo.example, IP Address:127.0.0.1')
    expect(ca).toBe(false)
    expect(validToDate.getTime() - validFromDate.getTime(), 'iPhones take at most 825 days').toBeLessThan(40 * day)
  })

  it.each([
    ['another name', 'bank.example', '127.0.0.1'],
    ['a name that only begins like its own', 'demo.example.com', '127.0.0.1'],
    ['an address of another network', 'demo.example', '203.0.113.7'],
  ])('vouches for nothing else: %s', async (_, name, address) => {
    const issued = makeServerCertificate(authority, name, address, now)
    expect(await verdict(authority, issued, name)).toBe('permitted subtree violation')
  })

  it('is trusted by no client without it', async () => {
    const issued = makeServerCertificate(authority, 'demo.example', '127.0.0.1', now)
    const other = makeAuthority({ name: 'demo.example', ...loopback }, now)
    expect(await verdict(other, issued, 'demo.example')).toMatch(/unable to|signature/)
  })

  it('signs for servers, and no server signs for another', () => {
    const issued = makeServerCertificate(authority, 'demo.example', '127.0.0.1', now)
    const [root, server] = [new X509Certificate(authority.cert), new X509Certificate(issued.cert)]
    expect([root.ca, server.checkIssued(root), server.verify(root.publicKey)]).toEqual([true, true, true])
    expect(root.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
  })

  it('stays until a week before its end, with a key that only its owner reads', () => {
    const directory = temporaryDirectory()
    const lan = { address: '192.168.7.9', host: '192.168.7.9' }
    const first = lanCertificates(lan, directory, now)
    expect(lanCertificates({ ...lan, address: '192.168.8.1' }, directory, now + 82 * day).authority).toBe(
      first.authority,
    )
    expect(lanCertificates(lan, directory, now + 84 * day).authority).not.toBe(first.authority)
    expect(lanCertificates({ ...lan, host: 'demo.local' }, directory, now).authority).not.toBe(first.authority)
    expect(first.cert).not.toBe(lanCertificates(lan, directory, now).cert)
    const key = join(first.authorityFile, '..', 'authority-key.pem')
    expect(statSync(key).mode & 0o777).toBe(0o600)
  })
})

describe('the address of --lan', () => {
  const one = (address: string) => [{ address, family: 'IPv4', internal: false }] as never
  it('is a private one first, and never that of a virtual network', () => {
    expect(
      ownAddresses({
        lo: [{ address: '127.0.0.1', family: 'IPv4', internal: true }] as never,
        docker0: one('172.17.0.1'),
        wan0: one('198.51.100.7'),
        wlan0: one('192.168.1.5'),
      }),
    ).toEqual(['192.168.1.5', '198.51.100.7', '172.17.0.1'])
  })

  it.each([
    ['203.0.113.99', 'is no address of this machine'],
    ['Bad_Name', 'is neither an address'],
    ['a.b;c', 'is neither an address'],
    ['nowhere.invalid', 'does not lead to this machine'],
  ])('is refused where it is not here: %s', async (host, words) => {
    await expect(lanOf(host)).rejects.toThrow(words)
  })
})
