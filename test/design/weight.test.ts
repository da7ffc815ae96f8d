import { describe, expect, it } from 'vitest'
import { openContext, phone, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { registerPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'

/** Bytes over the wire, with headers and gzip, as browsers ask for it without https. The goal is 25 000. */
const most = 37_500

describe.skipIf(cannotRun('browser'))('the sign-in page', () => {
  const browser = useBrowser()

  it('weighs little with all it loads, in a browser that has nothing of it', async () => {
    const server = await usualServer()
    const portal = await registerPortal(await server.services())
    const { context } = await openContext(browser(), phone)
    const page = await context.newPage()
    const protocol = await context.newCDPSession(page)
    const requests = new Map<string, { url: string; bytes: number }>()
    protocol.on('Network.responseReceived', ({ requestId, response }) =>
      requests.set(requestId, { url: response.url, bytes: 0 }),
    )
    protocol.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      const request = requests.get(requestId)
      if (request) request.bytes = encodedDataLength
    })
    await protocol.send('Network.enable')
    const begun = await portal.begin()
    await page.goto(begun.url.href, { waitUntil: 'networkidle' })
    const weights = [...requests.values()].map(({ url, bytes }) => `${bytes} ${new URL(url).pathname}`)
    const all = [...requests.values()].reduce((sum, { bytes }) => sum + bytes, 0)
    expect(requests.size, weights.join('\n')).toBeGreaterThan(3)
    expect(all, weights.join('\n')).toBeLessThanOrEqual(most)
    await context.close()
  })
})
