// The time from the scan of a QR code by a vendor's scanner to the page in the web view: hand-over, then page, in a cold browser.
import { parseArgs } from 'node:util'
import { launchBrowser } from '../test/setup/browser.ts'
import { WaitingComputer } from '../test/setup/qr.ts'
import { startMiniProgram, webView } from './channel-people.ts'
import { authorizePath } from './flow.ts'
import { quantile } from './process.ts'
import { startOurs } from './targets.ts'

const { values: options } = parseArgs({ options: { scans: { type: 'string', default: '30' } } })

const program = await startMiniProgram()
const settings = { ...program.settings, YIDENG_QR_ADDRESS_CREATIONS: '1000000', YIDENG_ADDRESS_TRIES: '1000000' }
const { target, stop } = await startOurs({ sessions: 1, settings, pinned: false })
const browser = await launchBrowser()

/** What the native page does: it hands the frame over and gets the address for its web view. */
async function handOver(frame: string): Promise<string> {
  const { url } = await program.post(target, 'scan', 'user', { frame })
  if (url === undefined) throw new Error('no ticket')
  return url
}

/** Milliseconds of one scan. @param slow a phone of a sixth of the speed, at 1.6 Mbit/s with 150 ms to the server */
async function scan(slow: boolean): Promise<{ handed: number; shown: number }> {
  const computer = await WaitingComputer.at(
    new URL(authorizePath(target, 'v'.repeat(43), 'qr'), target.origin),
    target.origin,
  )
  const frame = await computer.start()
  const context = await browser.newContext({
    viewport: { width: 360, height: 740 },
    isMobile: true,
    userAgent: webView,
  })
  const page = await context.newPage()
  const protocol = await context.newCDPSession(page)
  if (slow) {
    const [down, up] = [200_000, 94_000]
    await protocol.send('Network.enable')
    const network = { offline: false, latency: 150, downloadThroughput: down, uploadThroughput: up }
    await protocol.send('Network.emulateNetworkConditions', network)
    await protocol.send('Emulation.setCPUThrottlingRate', { rate: 6 })
  }
  const begun = performance.now()
  const url = await handOver(frame)
  const handed = performance.now() - begun
  await page.goto(url)
  await page.locator('main form button[type=submit]').waitFor()
  const shown = performance.now() - begun
  await context.close()
  return { handed, shown }
}

await scan(false)
for (const slow of [false, true]) {
  const all = []
  for (let index = 0; index < Number(options.scans); index += 1) all.push(await scan(slow))
  const of = (values: number[]) => {
    const sorted = values.toSorted((one, other) => one - other)
    return [0.5, 0.95].map((part) => `${quantile(sorted, part).toFixed(0)} ms`).join(', ')
  }
  console.log(`${slow ? 'slow phone' : 'this machine'} (median, 95 of 100):`)
  console.log(`  handed over  ${of(all.map(({ handed }) => handed))}`)
  console.log(`  page shown   ${of(all.map(({ shown }) => shown))}`)
}
await browser.close()
await stop()
await program.close()
