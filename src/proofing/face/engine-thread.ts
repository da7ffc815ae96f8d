import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { openFaceEngine, Undecodable } from './engine.ts'
import type { Reading } from './judge.ts'
import type { Look } from './look.ts'
import { thresholds } from './thresholds.ts'
import type { CapturedFrame } from './face-verifier.ts'

/** The pictures of a capture, or one still to look at. */
export type Task = { frames: readonly CapturedFrame[] } | { still: Uint8Array }
export type Answer = { readings: Reading[] } | { look: Look } | { broken: true }

/** The lowest priority. At 10 the slowest sign-ins by password took a quarter longer (docs/face.md). */
const lessUrgent = 19

// on Linux 0 means this thread only: sign-ins have priority over it
if (process.platform === 'linux') setPriority(0, lessUrgent)

const engine = await openFaceEngine(thresholds)

async function readAll(frames: readonly CapturedFrame[]): Promise<Reading[]> {
  const readings: Reading[] = []
  for (const { jpeg, step } of frames) readings.push(await engine.read(jpeg, step))
  return readings
}

async function answer(task: Task): Promise<Answer> {
  try {
    return 'still' in task ? { look: await engine.look(task.still) } : { readings: await readAll(task.frames) }
  } catch (error) {
    if (error instanceof Undecodable) return { broken: true }
    throw error
  }
}

parentPort?.on('message', (task: Task) => {
  void answer(task).then((said) => parentPort?.postMessage(said))
})
