import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A proxy that delays every answer of the server at this URL, by milliseconds. A test can so count the round trips. */
export async function longWay(url: string, answerMs = 30): Promise<{ url: string; roundTrips(): number }> {
  const server = new URL(url)
  let roundTrips = 0
  const way = createServer((near) => {
    const far = connect(Number(server.port), server.hostname)
    let answered = true
    near.on('data', (sent) => {
      if (answered) roundTrips += 1
      answered = false
      far.write(sent)
    })
    far.on('data', (answer) => {
      setTimeout(() => {
        answered = true
        near.write(answer)
      }, answerMs)
    })
    near.on('close', () => far.destroy()).on('error', () => undefined)
    far.on('close', () => near.destroy()).on('error', () => undefined)
  })
  await once(way.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void way.close())
  const here = new URL(url)
  here.port = String((way.address() as AddressInfo).port)
  return { url: here.href, roundTrips: () => roundTrips }
}
