import { Worker } from 'node:worker_threads'
import type { Answer as Read, Task } from './engine-thread.ts'
import type { CapturedFrame } from './face-verifier.ts'
import type { Look } from './look.ts'

/** `slow`: it took longer than `mostMs`; the machine is overloaded. */
type Answer = Read | { slow: true }

/** A bounded number of engines, each in its own thread. */
export interface FacePool {
  /** Takes a place in the pool before pictures are received; undefined when all are taken. Release it by `leave`. */
  enter(): { leave(): void } | undefined
  /** Measures the pictures. @throws Error when a thread died */
  read(frames: readonly CapturedFrame[]): Promise<Answer>
  /**
   * Looks at one still, if a thread is idle: captures come first, and a look never waits. Undefined where none is idle, or the
   * still is no picture. @throws Error when a thread died
   */
  look(still: Uint8Array): Promise<Look | undefined>
  close(): Promise<void>
}

interface Engine {
  thread: Worker
  state: 'busy' | 'free' | 'dead'
}

/**
 * Threads start on first use: each takes 200 MB. `queue` captures may wait for `threads`. More are refused before their pictures
 * are received.
 */
export function createFacePool({
  threads,
  queue,
  mostMs = 60_000,
}: {
  threads: number
  queue: number
  /** Time limit of one capture. Then its thread is terminated, and the next capture starts a new one. */
  mostMs?: number
}): FacePool {
  const engines: Engine[] = []
  const waiting: ((engine: Engine) => void)[] = []
  let inside = 0

  function start(): Engine {
    const thread = new Worker(new URL('./engine-thread.ts', import.meta.url))
    thread.unref()
    const engine: Engine = { thread, state: 'busy' }
    // a waiting caller has its own listener
    thread.on('error', () => remove(engine))
    engines.push(engine)
    return engine
  }

  function remove(engine: Engine): void {
    if (engine.state !== 'dead') engines.splice(engines.indexOf(engine), 1)
    engine.state = 'dead'
  }

  async function take(): Promise<Engine> {
    const free = engines.find(({ state }) => state === 'free')
    if (free) {
      free.state = 'busy'
      return free
    }
    if (engines.length < threads) return start()
    return new Promise((resolve) => waiting.push(resolve))
  }

  function release(engine: Engine): void {
    const next = waiting.shift()
    if (next) next(engine.state === 'dead' ? start() : engine)
    else if (engine.state === 'busy') engine.state = 'free'
  }

  function ask(engine: Engine, task: Task): Promise<Answer> {
    const { thread } = engine
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        thread.off('message', answered)
        thread.off('error', failed)
      }
      const answered = (answer: Answer) => {
        end()
        resolve(answer)
      }
      const failed = (error: unknown) => {
        end()
        reject(new Error('the face engine failed', { cause: error }))
      }
      const timer = setTimeout(() => {
        answered({ slow: true })
        remove(engine)
        void thread.terminate()
      }, mostMs)
      thread.on('message', answered)
      thread.on('error', failed)
      thread.postMessage(task)
    })
  }

  function enterUpTo(most: number) {
    if (inside >= most) return undefined
    inside += 1
    let left = false
    return {
      leave() {
        if (!left) inside -= 1
        left = true
      },
    }
  }

  async function run(task: Task): Promise<Answer> {
    const engine = await take()
    try {
      return await ask(engine, task)
    } finally {
      release(engine)
    }
  }

  return {
    enter: () => enterUpTo(threads + queue),
    read: (frames) => run({ frames }),
    async look(still) {
      const place = enterUpTo(threads)
      if (!place) return undefined
      try {
        const answer = await run({ still })
        return 'look' in answer ? answer.look : undefined
      } finally {
        place.leave()
      }
    },
    close: async () => void (await Promise.all(engines.map(({ thread }) => thread.terminate()))),
  }
}
