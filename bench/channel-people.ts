import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMadeUpVendors } from '../examples/made-up-wechat/start.ts'
import { signIn } from '../test/setup/person.ts'
import { Visitor, type Page } from '../test/setup/visitor.ts'
import { authorizePath, type Target } from './flow.ts'

/** The web view of a mini program. */
export const webView =
  'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126 Mobile MicroMessenger/8.0.60 miniProgram/wx1234'

/** A made-up WeChat with a mini program: settings for a server, and the calls of its native page. */
export async function startMiniProgram() {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-channel-'))
  let forward = 0
  const vendors = await startMadeUpVendors({ clock: () => Date.now() + forward })
  const { url, apps } = vendors
  writeFileSync(join(directory, 'secret'), apps[0]?.secret ?? '')
  const app = { id: 'wx', kind: 'wechat-mini', name: '微信', appid: apps[0]?.appid, secretFile: 'secret' }
  const rest = { namespace: 'gd', subject: 'unionid', level: 2, api: url, open: url }
  const file = join(directory, 'channels.json')
  writeFileSync(file, JSON.stringify([{ ...app, ...rest }]))

  return {
    settings: { YIDENG_CHANNELS: file },
    /** Posts what the native page has, with a code of this user. */
    async post(target: Target, act: 'scan' | 'ticket', user: string, given: object): Promise<Record<string, string>> {
      // WeChat exchanges 100 codes of a user a minute
      forward += 1000
      const code = vendors.loginCode({ openid: `o-${user}`, unionid: `u-${user}` })
      const answer = await fetch(`${target.origin}/api/channel/wx/${act}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...given, code }),
      })
      if (!answer.ok) throw new Error(`the native page was refused: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as Record<string, string>
    },
    async close() {
      await vendors.close()
      rmSync(directory, { recursive: true })
    },
  }
}

/** A browser of a person who has bound their WeChat, and the hand-over from a sign-in page. */
export async function settleInWechat(
  target: Target,
  { post }: Pick<Awaited<ReturnType<typeof startMiniProgram>>, 'post'>,
  username: string,
): Promise<{ browser: Visitor; enter: (page: Page) => Promise<Page> }> {
  const browser = new Visitor(target.origin, { 'user-agent': webView })
  async function enter(page: Page): Promise<Page> {
    const handle = /data-handle="([^"]+)"/.exec(page.html)?.[1]
    if (handle === undefined) throw new Error(`no handle: ${page.html.slice(0, 2000)}`)
    const { ticket = '' } = await post(target, 'ticket', username, { handle })
    return browser.get(`${page.url.pathname}/channel/wx/enter?t=${encodeURIComponent(ticket)}`)
  }
  const unknown = await enter(await browser.get(authorizePath(target, 'v'.repeat(43), 'bench')))
  const asked = await signIn(browser, unknown, username)
  await browser.submit(asked, '/channel/answer', { decision: 'bind' })
  return { browser, enter }
}
