import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Running } from '../../listen.ts'
import { startMadeUpVendors } from '../../made-up-wechat/start.ts'
import { startPhone, type WechatUser } from './phone.ts'
import { startWebView } from './web-view.ts'

/** The channel of the demo (docs/channels.md). */
const channel = 'yss'
const app = { appid: 'wx1234', secret: 'made-up-secret' }

const users: readonly WechatUser[] = [
  { name: '微信用户甲', openid: 'o-jia', unionid: 'u-jia' },
  { name: '微信用户乙', openid: 'o-yi', unionid: 'u-yi' },
]

/** The ports of the made-up WeChat, from the first one: its servers, its telephone, and its web view of two websites. */
export const wechatPorts = (first: number) => ({
  servers: first,
  phone: first + 1,
  login: first + 2,
  portal: first + 3,
})

/** Writes the list of channels for Yideng, and returns the path of the file. */
export function writeDemoChannels(dataDir: string, serversPort: number): string {
  const secretFile = join(dataDir, 'wechat-secret')
  writeFileSync(secretFile, app.secret, { mode: 0o600 })
  const servers = `http://127.0.0.1:${serversPort}`
  const row = { id: channel, kind: 'wechat-mini', name: '粤省事', appid: app.appid, secretFile, namespace: 'demo' }
  const file = join(dataDir, 'channels.json')
  writeFileSync(
    file,
    JSON.stringify([{ ...row, subject: 'unionid', level: 2, api: servers, open: servers }], undefined, 2),
  )
  return file
}

/** A made-up WeChat in the browser: its servers, and a telephone with a mini program that opens the first portal. */
export async function startWechat(options: { ports: ReturnType<typeof wechatPorts>; issuer: string; portal: string }) {
  const { ports, issuer, portal } = options
  const running: Running[] = []
  const close = async () => void (await Promise.all(running.map((one) => one.close())))
  try {
    const vendors = await startMadeUpVendors({ clock: () => Date.now(), port: ports.servers, apps: [app] })
    running.push(vendors)
    const phone = `http://127.0.0.1:${ports.phone}`
    const websites = [
      { site: issuer, at: `http://127.0.0.1:${ports.login}` },
      { site: portal, at: `http://127.0.0.1:${ports.portal}` },
    ]
    const program = { issuer, channel, portal: `${portal}/` }
    const loginCode = (user: WechatUser) => vendors.loginCode(user)
    running.push(await startPhone({ port: ports.phone, program, users, websites, loginCode }))
    for (const [port, site] of [
      [ports.login, issuer],
      [ports.portal, portal],
    ] as const)
      running.push(await startWebView({ port, site, all: websites, phone }))
    return { url: phone, close }
  } catch (error) {
    await close()
    throw error
  }
}
