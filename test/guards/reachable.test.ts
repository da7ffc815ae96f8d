import { describe, expect, it } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'
import { isReachableByRule, reachRule } from '../../src/guards/reachable.ts'

const ruleOf = (networks: string) =>
  reachRule(
    readSettings({ NODE_ENV: 'production', YIDENG_ISSUER: 'https://a.example', YIDENG_OUTBOUND_NETWORKS: networks }),
  )

describe('addresses that portals may have in production', () => {
  it.each([
    ['', '10.3.0.8', false],
    ['', '8.8.8.8', true],
    ['10.3.0.0/16', '10.3.0.8', true],
    ['10.3.0.0/16', '10.4.0.8', false],
    ['10.3.0.0/16', '8.8.8.8', true],
    ['192.168.0.0/16, 172.16.0.0/12', '172.31.255.255', true],
    ['10.3.0.8', '10.3.0.8', true],
    ['10.3.0.8/32', '10.3.0.9', false],
    ['fd12:3456::/32', 'fd12:3456::1', true],
    ['fd12:3456::/32', 'fd12:3457::1', false],
    ['fd12:3456::1', 'fd12:3456:0::1', true],
    // no wide network holds this machine, its neighbours, tunnels or metadata services
    ['0.0.0.0/0', '10.0.0.1', true],
    ['0.0.0.0/0', '127.0.0.1', false],
    ['127.0.0.0/8', '127.0.0.1', false],
    ['0.0.0.0/0', '0.0.0.0', false],
    ['169.254.0.0/16', '169.254.169.254', false],
    ['100.64.0.0/10', '100.64.0.1', true],
    ['100.64.0.0/10', '100.100.100.200', false],
    ['', '168.63.129.16', false],
    ['0.0.0.0/0', '255.255.255.255', false],
    ['::/0', '::1', false],
    ['::/0', '::', false],
    ['::/0', 'fe80::1', false],
    ['::/0', 'ff02::1', false],
    ['::/0', '64:ff9b::a03:8', false],
    ['::/0', '2002:a03:8::1', false],
    ['fd00::/8', 'fd00:ec2::254', false],
    ['10.3.0.0/16', '::ffff:10.3.0.8', false],
    ['::/0', '::ffff:127.0.0.1', false],
    // each may be named alone
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1/32', '127.0.0.2', false],
    ['169.254.169.254/32', '169.254.169.254', true],
    ['::1', '::1', true],
    ['fe80::1/128', 'fe80::1', true],
    // no address
    ['0.0.0.0/0', '', false],
    ['0.0.0.0/0', 'portal.example', false],
    ['0.0.0.0/0', '167968776', false],
  ])('%j: %s %s', (networks, address, allowed) => expect(ruleOf(networks)(address)).toBe(allowed))

  it.each(['10.3.0.0/33', '10.3.0', 'portal.example', '10.3.0.0/16;10.4.0.0/16', '/16', '10.3.0.0/', 'fd12::/129'])(
    'the setting refuses %j and is named',
    (networks) => expect(() => ruleOf(networks)).toThrow('YIDENG_OUTBOUND_NETWORKS'),
  )

  it.each([
    ['https://10.3.0.8/bcl', true],
    ['https://10.4.0.8/bcl', false],
    ['https://[fd12::1]:8443/bcl', false],
    ['https://[::1]/bcl', false],
    ['https://0x7f.1/bcl', false],
    ['https://167968776/bcl', true], // 10.3.0.8
    ['https://localhost/bcl', false],
    ['https://no-such-name.invalid/bcl', true],
  ])('%s is reachable: %s', async (url, reachable) => {
    const reach = { production: true, outboundNetworks: ['10.3.0.0/16'] }
    expect(await isReachableByRule(url, reach)).toBe(reachable)
    expect(await isReachableByRule(url, { ...reach, production: false })).toBe(true)
  })
})
