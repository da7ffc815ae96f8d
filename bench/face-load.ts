import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openHouse } from '../src/admin/house.ts'
import { readSettings } from '../src/config/settings.ts'
import { camera, photographed, room, send } from '../test/setup/face.ts'
import { twoPeople, writeFrames } from '../test/setup/faces.ts'
import { signIn } from '../test/setup/person.ts'
import { Visitor } from '../test/setup/visitor.ts'
import { authorizePath, type Target } from './flow.ts'
import { startOurs } from './targets.ts'

const people = 8
const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** How long the answer to a password takes, one after another. */
async function passwordTimes(target: Target, count: number): Promise<number[]> {
  const times: number[] = []
  for (let index = 0; index < count; index += 1) {
    const visitor = new Visitor(target.origin)
    const page = await visitor.get(authorizePath(target, 'v'.repeat(43), 'face'))
    const began = performance.now()
    await signIn(visitor, page, `bench${index % people}`)
    times.push(performance.now() - began)
  }
  return times.sort((one, other) => one - other)
}

/** Sends captures as fast as they are taken, until told to stop; says how many were judged and sent away. */
function saturate(target: Target, frames: Buffer) {
  const counts = { judged: 0, busy: 0 }
  const stopped = new AbortController()
  const work = Array.from({ length: people }, async (_, index) => {
    const { visitor, page: home } = await room(target.origin, { username: `bench${index}` })
    let page = await camera(visitor, home)
    while (!stopped.signal.aborted) {
      // a kept connection may be closed by the other side just when it is used again
      const { status } = await send(visitor, page, frames).catch(() => ({ status: 503 }))
      if (status === 503) {
        counts.busy += 1
        await wait(100)
        continue
      }
      counts.judged += 1
      page = await visitor.submit(home, '/face/start', {})
      if (!page.html.includes('data-check')) break // this account has begun its most for today
    }
  })
  return {
    counts,
    async stop() {
      stopped.abort()
      await Promise.all(work)
    },
  }
}

/** Sign-ins by password keep their pace while every place of the face engine is taken: p99 below twice its idle value. */
export async function measureLoad(signIns: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-bench-face-'))
  const environment = {
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: join(directory, 'keys'),
    YIDENG_TRUST_PROXY: 'true',
    YIDENG_ADDRESS_TRIES: '1000000',
  }
  const { target, stop } = await startOurs(1, [], environment)
  const house = await openHouse(readSettings(environment), Date.now)
  for (const person of await house.persons.list({ limit: people })) {
    await photographed(house, { id: person.id, number: house.persons.open(person, 'document_number') })
  }
  // two faces: judged in full, and not counted as a failed try
  const frames = writeFrames(Array.from({ length: 18 }, (_, step) => ({ step: step % 4, jpeg: picture })))

  await passwordTimes(target, 20)
  const idle = await passwordTimes(target, signIns)
  const load = saturate(target, frames)
  await wait(3000)
  const before = { ...load.counts }
  const began = performance.now()
  const loaded = await passwordTimes(target, signIns)
  const seconds = (performance.now() - began) / 1000
  const judged = load.counts.judged - before.judged
  const busy = load.counts.busy - before.busy
  await load.stop()

  const line = (times: number[]) =>
    `p50 ${quantile(times, 0.5).toFixed(0)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms`
  console.log(`${signIns} sign-ins by password, one core for the server, one after another:`)
  console.log(`  idle                       ${line(idle)}`)
  console.log(`  every face place taken     ${line(loaded)}`)
  console.log(
    `  p99 loaded / idle          ${(quantile(loaded, 0.99) / quantile(idle, 0.99)).toFixed(2)} (must be below 2)`,
  )
  console.log(
    `  meanwhile                  ${(judged / seconds).toFixed(2)} captures judged a second, ${busy} sent away`,
  )
  await house.close()
  await stop()
  rmSync(directory, { recursive: true, force: true })
}

const picture = await twoPeople()
