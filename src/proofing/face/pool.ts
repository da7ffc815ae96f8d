import { Worker } from 'node:worker_threads'
import type { Answer as Read } from './engine-thread.ts'
import type { Frame } from './verifier.ts'

/** `slow`: it took longer than anybody waits; the machine has too much else to do. */
export type Answer = Read | { slow: true }

/** A bounded number of engines, each in a thread of its own. */
export interface FacePool {
  /** A place in the pool, taken before anything is read; undefined when all are taken. Give it back by `leave`. */
  enter(): { leave(): void } | undefined
  /** What the engine sees. @throws Error when a thread died */
  read(frames: readonly Frame[]): Promise<Answer>
  close(): Promise<void>
}

interface Engine {
  thread: Worker
  state: 'busy' | 'free' | 'dead'
}

/**
 * Threads start when they are first needed: each takes 200 MB. `queue` may wait beside those that are worked on; who comes
 * then is sent away, before their pictures are received.
 */
export function createFacePool({
  threads,
  queue,
  mostMs = 60_000,
}: {
  threads: number
  queue: number
  /** Of one capture; its thread is ended then, and another begun for the next. */
  mostMs?: number
}): FacePool {
  const engines: Engine[] = []
  const waiting: ((engine: Engine) => void)[] = []
  let inside = 0

  function start(): Engine {
    const thread = new Worker(new URL('./engine-thread.ts', import.meta.url))
    thread.unref()
    const engine: Engine = { thread, state: 'busy' }
    // whoever waits for it is told by a listener of their own
    thread.on('error', () => bury(engine))
    engines.push(engine)
    return engine
  }

  function bury(engine: Engine): void {
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

  function giveBack(engine: Engine): void {
    const next = waiting.shift()
    if (next) next(engine.state === 'dead' ? start() : engine)
    else if (engine.state === 'busy') engine.state = 'free'
  }

  function ask(engine: Engine, frames: readonly Frame[]): Promise<Answer> {
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
        bury(engine)
        void thread.terminate()
      }, mostMs)
      thread.on('message', answered)
      thread.on('error', failed)
      thread.postMessage(frames)
    })
  }

  return {
    enter() {
      if (inside >= threads + queue) return undefined
      inside += 1
      let left = false
      return {
        leave() {
          if (!left) inside -= 1
          left = true
        },
      }
    },
    async read(frames) {
      const engine = await take()
      try {
        return await ask(engine, frames)
      } finally {
        giveBack(engine)
      }
    },
    close: async () => void (await Promise.all(engines.map(({ thread }) => thread.terminate()))),
  }
}
