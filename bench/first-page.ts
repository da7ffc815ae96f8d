// The first sign-in page of a browser that has nothing of it: bytes, time to a form that can be used, movement.
import { parseArgs } from 'node:util'
import type { Browser } from 'playwright-core'
import { desktop, launchBrowser, phone } from '../test/setup/browser.ts'
import { authorizePath } from './flow.ts'
import { median } from './process.ts'
import { startOurs } from './targets.ts'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    kilobits: { type: 'string', default: '400' },
    slower: { type: 'string', default: '6' },
    latency: { type: 'string', default: '0' },
  },
})
const [runs, kilobits, slower, latency] = [options.runs, options.kilobits, options.slower, options.latency].map(
  Number,
) as [number, number, number, number]

const handset = { ...phone, isMobile: true, hasTouch: true, userAgent: 'Mozilla/5.0 (Linux; Android 14; K) Mobile' }

/**
 * In the page: when the first field is on the screen and the thread is free to take a key; when the button of fingerprint or
 * face and the QR code are there; the sum of layout shifts without input (Layout Instability).
 */
const watch = `
window.seen = { shifted: 0 }
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.seen.shifted += value
}).observe({ type: 'layout-shift', buffered: true })
const places = { form: '[name=identifier]', passkey: '.passkey:not([hidden]) button', code: '.qr-canvas svg' }
const look = () => {
  for (const [name, selector] of Object.entries(places)) {
    if (window.seen[name] || !document.querySelector(selector)?.checkVisibility()) continue
    window.seen[name] = -1
    requestAnimationFrame(() => setTimeout(() => (window.seen[name] = performance.now())))
  }
  requestAnimationFrame(look)
}
requestAnimationFrame(look)`

interface Seen {
  form: number
  passkey?: number
  code?: number
  shifted: number
}

async function open(browser: Browser, device: typeof handset | typeof desktop): Promise<Seen & { bytes: number }> {
  const context = await browser.newContext({ locale: 'zh-CN', ...device })
  const page = await context.newPage()
  // the portal's redirects are not the page
  await page.goto(new URL(authorizePath(target, 'v'.repeat(43), 'first'), target.origin).href)
  const address = page.url()
  const protocol = await context.newCDPSession(page)
  await protocol.send('Network.enable')
  await protocol.send('Network.clearBrowserCache')
  const throughput = (kilobits * 1000) / 8
  const network = { offline: false, latency, downloadThroughput: throughput, uploadThroughput: throughput }
  await protocol.send('Network.emulateNetworkConditions', network)
  await protocol.send('Emulation.setCPUThrottlingRate', { rate: slower })
  let bytes = 0
  protocol.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await page.addInitScript(watch)
  await page.goto(address)
  if (device === desktop) await page.locator('.qr-canvas svg').waitFor()
  await page.waitForTimeout(2000)
  const seen = (await page.evaluate('window.seen')) as Seen
  await context.close()
  return { ...seen, bytes }
}

const { target, stop } = await startOurs({ sessions: 1, settings: { YIDENG_QR_ADDRESS_CREATIONS: '1000' } })
const browser = await launchBrowser()
console.log(`${kilobits} kbit/s, ${latency} ms latency, CPU ${slower} times slower, median of ${runs}:`)
for (const [name, device] of [
  ['phone', handset],
  ['computer', desktop],
] as const) {
  const all: Awaited<ReturnType<typeof open>>[] = []
  for (let run = 0; run < runs; run += 1) all.push(await open(browser, device))
  const of = (key: keyof (typeof all)[number]) => median(all.map((one) => one[key] ?? Number.NaN))
  console.log(`  ${name}`)
  console.log(`    over the wire     ${of('bytes')} bytes`)
  console.log(`    form usable       ${of('form').toFixed(0)} ms`)
  console.log(`    passkey button    ${of('passkey').toFixed(0)} ms`)
  if (device === desktop) console.log(`    QR code           ${of('code').toFixed(0)} ms`)
  console.log(`    layout shift      ${Math.max(...all.map(({ shifted }) => shifted)).toFixed(4)} (most)`)
}
await browser.close()
await stop()
