import { isIPv4 } from 'node:net'
import { inspect } from 'node:util'
import { tableLines, terminalText, type Line } from '../../src/cli/layout.ts'
import { qrText } from '../../src/cli/qr-code.ts'
import { visibleLines } from '../../src/text/visible.ts'
import { company } from './company.ts'
import { DemoError } from './demo-error.ts'
import { lanOf } from './lan/lan.ts'
import { startDemo, type Demo } from './start-demo.ts'

export { startDemo } from './start-demo.ts'

/** `npm run demo [-- --lan[=HOST]]`: starts the demo, prints its addresses and people, and stops with Ctrl-C. */
export async function runDemo(
  environment: Record<string, string | undefined>,
  argv: readonly string[] = [],
): Promise<void> {
  const asking = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => asking.abort())
  const asked = new Promise((resolve) => asking.signal.addEventListener('abort', resolve))
  try {
    const host = lanFlag(argv)
    if (host !== undefined && environment['NODE_ENV'] === 'production')
      throw new DemoError('The demo has made-up people and known passwords: NODE_ENV=production refuses --lan.')
    const lan = host === undefined ? undefined : await lanOf(host)
    console.log('Starting Yideng, four portals and an API; the first time takes some seconds…')
    const { PORT, DEMO_PORT_BASE, YIDENG_DATA_DIR, YIDENG_KEYS_DIR } = environment
    const demo = await startDemo({
      port: portOf('PORT', PORT, 3000),
      portBase: portOf('DEMO_PORT_BASE', DEMO_PORT_BASE, 4000),
      ...(YIDENG_DATA_DIR ? { dataDir: YIDENG_DATA_DIR } : {}),
      ...(YIDENG_KEYS_DIR ? { keysDir: YIDENG_KEYS_DIR } : {}),
      ...(lan ? { lan } : {}),
    })
    process.stdout.write(terminalText(describe(demo)))
    if (demo.lan) process.stdout.write(`${terminalText(describeLan(demo.lan))}${qrText(demo.lan.trustPage)}`)
    await Promise.race([asked, demo.ended])
    await demo.close()
    if (!asking.signal.aborted) throw new DemoError('Yideng stopped by itself; its server.log says why.')
  } catch (error) {
    if (asking.signal.aborted) return // Ctrl-C during the start also ends Yideng
    console.error(visibleLines(error instanceof DemoError ? error.message : inspect(error)))
    process.exitCode = 1
  }
}

/** The host of `--lan`; empty where this machine chooses it, undefined without the flag. */
function lanFlag(argv: readonly string[]): string | undefined {
  const [flag, ...more] = argv
  if (flag === undefined) return undefined
  const host = /^--lan(?:=(.+))?$/.exec(flag)
  if (!host || more.length > 0) throw new DemoError(`The demo knows --lan and --lan=HOST, not: ${argv.join(' ')}`)
  return host[1] ?? ''
}

function describeLan({ trustPage, fingerprint, host }: NonNullable<Demo['lan']>): Line[] {
  return [
    '',
    'ON A PHONE of the same network, scan this code. The page gives the phone the certificate of the demo, and then the portals.',
    `  ${trustPage}`,
    '  手机请扫下面的码：先装证书，再打开门户。 The page must show this fingerprint:',
    ...(fingerprint.match(/.{1,48}/g) ?? []).map((part) => `  ${part}`),
    isIPv4(host)
      ? '  Passkeys need a name instead of an address: --lan=NAME. README.md says which names work.'
      : '  Passkeys work on this name.',
    '',
  ]
}

function portOf(name: string, value: string | undefined, usual: number): number {
  const port = Number(value || usual)
  if (Number.isInteger(port) && port > 0 && port < 65_430) return port
  throw new DemoError(`The setting ${name}=${JSON.stringify(value)} must be a port number.`)
}

function describe({ issuer, portals, oldPortals, resource, telephone, wechat, people }: Demo): Line[] {
  const [first, second, third, enterprise] = portals
  const addresses = [
    ['一登 (the one login)', issuer],
    ...portals.map(({ name, url }) => [name, url]),
    ...oldPortals.map(({ name, url }) => [`${name} (an older protocol)`, url]),
    ['电子证照库 (an API)', resource],
    ['演示手机 (shows every text)', telephone],
    ...(wechat === undefined ? [] : [['仿造的微信 (a made-up WeChat)', wechat]]),
  ]
  const accounts = people.map(({ username, password, name, special }) => [username, password, name, special])
  return [
    '',
    ...tableLines({ columns: ['OPEN', 'ADDRESS'], rows: addresses }),
    '',
    ...tableLines({ columns: ['USERNAME', 'PASSWORD', 'NAME', 'SPECIAL'], rows: accounts }),
    '',
    `1. Open ${first?.url} and sign in as ${people[0]?.username}: password, consent, and you are in.`,
    `2. Open ${second?.url} and choose 使用一登登录: no second login.`,
    '3. Choose 我的电子证照: the portal asks the API in your name; the API checks the token by published keys alone.',
    `4. Choose 退出登录, then 全部退出: ${third?.name} and the others end your session too.`,
    `5. Open ${enterprise?.url} and sign in as zhouxiaotong: she acts for ${company.name}. Revoke it as linzhixing at`,
    `   ${issuer}/account/organisations, and her session there ends within seconds.`,
    `6. Open ${issuer}/account/face as ${people[0]?.username} and let it look at you: the register has somebody else's photograph,`,
    '   and says so. docs/face.md tells how to give it yours.',
    `7. Sign in by text as ${people[0]?.phone}: 用短信, then the code that ${telephone} shows. Register with a number of your own choice,`,
    '   and the code is there as well.',
    ...(wechat === undefined
      ? []
      : [
          `8. Open ${wechat}, then its mini program: 用粤省事登录, then sign in by password and choose to bind.`,
          '   Sign out and in again: one tap. docs/channels.md tells how to do this with the real WeChat.',
        ]),
    '',
    'All of it is made up. Ctrl-C stops everything; the next start finds it as it is now.',
  ]
}
