import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createOutbound } from '../../src/guards/outbound.ts'
import { isPublic } from '../../src/guards/reachable.ts'

describe('addresses', () => {
  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '',
    'localhost',
    '0x7f000001',
    '2130706433',
    '127.1',
  ])('%s is not public', (address) => expect(isPublic(address)).toBe(false))

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.167.1.1',
    '223.255.255.255',
    '2400:3200::1',
    '2606:4700::1111',
  ])('%s is public', (address) => expect(isPublic(address)).toBe(true))
})

/** A reachable server, and the requests it got. */
async function inside() {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (request.url === '/away') response.writeHead(302, { location: '/inner' }).end()
    else if (request.url === '/large') response.end('x'.repeat(1_000_000))
    else if (request.url !== '/never') response.setHeader('cache-control', 'max-age=60').end('{"keys":[]}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { asked, port: (server.address() as AddressInfo).port }
}

/** An attacker's resolver: it returns the addresses in turn. */
const answering = (...addresses: string[]) => {
  const left = [...addresses]
  return (
    _host: string,
    _options: object,
    answer: (error: null, found: { address: string; family: number }[]) => void,
  ) => answer(null, [{ address: left.shift() ?? '', family: 4 }])
}

describe('fetching the URLs of a portal', () => {
  it.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '0177.0.0.1', 'localhost'])(
    'connects to no inner address: %s',
    async (host) => {
      const { asked, port } = await inside()
      await expect(createOutbound({ allowed: isPublic })(`http://${host}:${port}/`)).rejects.toThrow(
        'not on the public internet',
      )
      expect(asked).toEqual([])
    },
  )

  it('checks the address of the connection, not an earlier one', async () => {
    const { asked, port } = await inside()
    const fetch = createOutbound({
      allowed: (address) => address !== '127.0.0.1',
      lookup: answering('127.0.0.2', '127.0.0.1'),
    })
    await fetch(`http://rebind.example:${port}/first`).catch(() => undefined)
    await expect(fetch(`http://rebind.example:${port}/second`)).rejects.toThrow('not on the public internet')
    expect(asked).not.toContain('/second')
  })

  it('follows no redirect, reads no large answer, and has a timeout', { timeout: 10_000 }, async () => {
    const { asked, port } = await inside()
    const fetch = createOutbound({
      allowed: () => true,
      lookup: answering('127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1'),
      patienceMs: 500,
    })
    const keys = await fetch(`http://portal.example:${port}/jwks`)
    expect([await keys.json(), keys.headers.get('cache-control')]).toEqual([{ keys: [] }, 'max-age=60'])
    expect((await fetch(`http://portal.example:${port}/away`)).status).toBe(302)
    await expect(fetch(`http://portal.example:${port}/large`)).rejects.toThrow('more than')
    await expect(fetch(`http://portal.example:${port}/never`)).rejects.toThrow()
    expect(asked).toEqual(['/jwks', '/away', '/large', '/never'])
  })
})
