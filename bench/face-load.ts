import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openServices } from '../src/services.ts'
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

/** Times of sequential password sign-ins, in milliseconds. */
async function passwordTimes(target: Target, count: number): Promise<number[]> {
  const times: number[] = []
  for (let index = 0; index < count; index += 1) {
    const visitor = new Visitor(target.origin)
    const page = await visitor.get(authorizePath(target, 'v'.repeat(43), 'face'))
    const began = performance.now()
    await signIn(visitor, page, `bench${index % people}`)
    times.push(performance.now() - began)
  }
  return times
}

/** Sends captures as fast as the server takes them, while `work` runs. */
async function crowd(target: Target, frames: Buffer) {
  const counts = { judged: 0, busy: 0, cut: 0 }
  const rooms = await Promise.all(
    Array.from({ length: people }, async (_, index) => {
      const { visitor, page: home } = await room(target.origin, { username: `bench${index}` })
      return { visitor, home, capture: await camera(visitor, home) }
    }),
  )

  async function during<T>(work: () => Promise<T>): Promise<T> {
    const stopped = new AbortController()
    const senders = rooms.map(async (one) => {
      while (!stopped.signal.aborted) {
        // The server can close an idle connection at the moment of its reuse.
        const { status, outcome } = await send(one.visitor, one.capture, frames).catch(() => ({
          status: 0,
          outcome: '',
        }))
        if (status === 503 || status === 0) {
          counts[status === 503 ? 'busy' : 'cut'] += 1
          await wait(100)
          continue
        }
        if (outcome === 'unusable') counts.judged += 1
        one.capture = await one.visitor.submit(one.home, '/face/start', {})
        if (!one.capture.html.includes('data-check')) throw new Error('an account has begun its most for today')
      }
    })
    const all = Promise.all(senders)
    await wait(1000)
    const done = await Promise.race([work(), all.then(() => Promise.reject(new Error('nobody is before a camera')))])
    stopped.abort()
    await all
    return done
  }
  return { counts, during }
}

const at = (q: number) => (values: readonly number[]) =>
  quantile(
    [...values].sort((one, other) => one - other),
    q,
  )
const [median, p95, p99] = [at(0.5), at(0.95), at(0.99)]

/**
 * Checks that a fully loaded face engine does not slow down password sign-ins: p99 stays below twice its idle value. Idle
 * and loaded rounds alternate, so that other load on the machine affects both.
 */
export async function measureLoad({ rounds, signIns }: { rounds: number; signIns: number }): Promise<void> {
  // The load runs on another core, so that it is not measured.
  spawnSync('taskset', ['-pc', '1', String(process.pid)])
  const directory = mkdtempSync(join(tmpdir(), 'yideng-bench-face-'))
  const environment = {
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: join(directory, 'keys'),
    YIDENG_TRUST_PROXY: 'true',
    YIDENG_ADDRESS_TRIES: '1000000',
  }
  const { target, stop } = await startOurs({ sessions: 1, settings: environment })
  const services = await openServices(readSettings(environment), Date.now)
  for (const person of await services.persons.list({ limit: people })) {
    await photographed(services, { id: person.id, number: services.persons.open(person, 'document_number') })
  }
  // Two faces in a picture: fully processed, but not counted as a failure.
  const frames = writeFrames(Array.from({ length: 18 }, (_, step) => ({ step: step % 4, jpeg: picture })))

  const { counts, during } = await crowd(target, frames)
  await passwordTimes(target, 20)
  await during(() => wait(3000)) // the engine starts
  const [idle, full, ratios]: number[][] = [[], [], []]
  const before = { ...counts }
  let fullMs = 0
  for (let round = 0; round < rounds; round += 1) {
    const still = await passwordTimes(target, signIns)
    const began = performance.now()
    const crowded = await during(() => passwordTimes(target, signIns))
    fullMs += performance.now() - began
    idle?.push(...still)
    full?.push(...crowded)
    ratios?.push(p99(crowded) / p99(still))
  }
  print({ rounds, signIns, idle: idle ?? [], full: full ?? [], ratios: ratios ?? [] })
  const judged = (counts.judged - before.judged) / (fullMs / 1000)
  const { busy, cut } = counts
  console.log(
    `  meanwhile            ${judged.toFixed(2)} captures judged a second, ${busy} sent away (503), ${cut} connections cut`,
  )
  await services.close()
  await stop()
  rmSync(directory, { recursive: true, force: true })
}

function print(found: { rounds: number; signIns: number; idle: number[]; full: number[]; ratios: number[] }): void {
  const { rounds, signIns, idle, full, ratios } = found
  const line = (times: number[]) =>
    `p50 ${median(times).toFixed(0)} ms, p95 ${p95(times).toFixed(0)} ms, p99 ${p99(times).toFixed(0)} ms`
  console.log(`${rounds} rounds of ${signIns} sign-ins by password idle and ${signIns} with every face place taken;`)
  console.log('the server and its face engine share one core, sign-ins one after another:')
  console.log(`  idle                 ${line(idle)}`)
  console.log(`  every place taken    ${line(full)}`)
  console.log(`  p99, all together    ${(p99(full) / p99(idle)).toFixed(2)} times idle (must be below 2)`)
  console.log(
    `  p99, round by round  ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}; median ${median(ratios).toFixed(2)}`,
  )
}

const picture = await twoPeople()
