import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createChannelFetch } from '../../src/guards/channel-fetch.ts'

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const most = 16 * 1024

it('reads 16 KiB of an inner address, for GET and POST, and not a byte more', async () => {
  const url = await serve(({ url: path }, response) => response.end('x'.repeat(path === '/long' ? most + 1 : most)))
  const fetch = createChannelFetch()
  for (const method of ['GET', 'POST']) {
    expect(await (await fetch(url, { method })).text()).toHaveLength(most)
    await expect(fetch(`${url}/long`, { method })).rejects.toThrow(`more than ${most} bytes`)
  }
})

it('has a connection of its own for each call, so that no late answer counts for another one', async () => {
  const sockets = new Set<unknown>()
  const url = await serve(({ socket }, response) => {
    sockets.add(socket)
    response.end('{}')
  })
  const fetch = createChannelFetch()
  for (const method of ['GET', 'POST', 'GET']) await (await fetch(url, { method })).text()
  expect(sockets.size).toBe(3)
})

it('follows no redirect', async () => {
  const seen: string[] = []
  const url = await serve(({ url: path = '' }, response) => {
    seen.push(path)
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  expect((await createChannelFetch()(`${url}/first`)).status).toBe(302)
  expect(seen).toEqual(['/first'])
})

it('waits two seconds for a whole answer', async () => {
  const url = await serve((_request, response) => {
    const timer = setInterval(() => response.write(' '), 100)
    response.on('close', () => clearInterval(timer))
  })
  const began = performance.now()
  await expect(createChannelFetch()(`${url}/?secret=top-secret`)).rejects.not.toThrow('top-secret')
  expect(performance.now() - began).toBeGreaterThan(1900)
  expect(performance.now() - began).toBeLessThan(6000)
})
