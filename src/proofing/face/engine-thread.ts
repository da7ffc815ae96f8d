import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { openFaceEngine, Undecodable } from './engine.ts'
import type { Reading } from './judge.ts'
import { thresholds } from './thresholds.ts'
import type { CapturedFrame } from './face-verifier.ts'

export type Answer = { readings: Reading[] } | { broken: true }

/** The lowest priority. At 10 the slowest sign-ins by password took a quarter longer (docs/face.md). */
const lessUrgent = 19

// on Linux 0 means this thread only: sign-ins have priority over it
if (process.platform === 'linux') setPriority(0, lessUrgent)

const engine = await openFaceEngine(thresholds)

async function readAll(frames: readonly CapturedFrame[]): Promise<Answer> {
  const readings: Reading[] = []
  try {
    for (const { jpeg, step } of frames) readings.push(await engine.read(jpeg, step))
    return { readings }
  } catch (error) {
    if (error instanceof Undecodable) return { broken: true }
    throw error
  }
}

parentPort?.on('message', (frames: readonly CapturedFrame[]) => {
  void readAll(frames).then((answer) => parentPort?.postMessage(answer))
})
