import { randomInt } from 'node:crypto'

const firstWaitMs = 50
const longestWaitMs = 2000

/** The wait before an attempt: growing, and at different moments in each process. */
export const waitBefore = (attempt: number) =>
  Math.min(firstWaitMs * 2 ** Math.min(attempt, 10), longestWaitMs) - randomInt(firstWaitMs)

/** Of Redis before 7, which puts the answer of a command into that of its script. */
const ofScript = /^ERR Error running script\b.*?-([A-Z]+) /s

/** The first word of an error that Redis answered, such as READONLY (RESP, simple errors). */
export function redisCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  return (ofScript.exec(error.message) ?? /^([A-Z]+)\b/.exec(error.message))?.[1]
}

/** Answers that mean "you talk to the wrong one": a replica, a master that was cut off, a node that loads or has moved. */
const wrongOnes = new Set(
  // REDIRECT: Valkey 8, while it fails over
  ['READONLY', 'MASTERDOWN', 'NOREPLICAS', 'LOADING', 'CLUSTERDOWN', 'MOVED', 'ASK', 'REDIRECT', 'UNBLOCKED'],
)

const isWrongOne = (error: unknown) => wrongOnes.has(redisCode(error) ?? '')

/** One connection, or those of a Cluster. */
export interface Line<Reply> {
  command(key: string, command: string[]): Promise<Reply>
  close(): void
  /** Of a line that does not connect again by itself: called once when it is lost. */
  onLost?(lost: (error: unknown) => void): void
}

/**
 * Ends a line whose answer means "you talk to the wrong one", and opens another under the same address. The server that
 * took over has that address, or Sentinels name it (docs/deploy.md). Without a line, a command fails at once.
 */
export function rightLine<Reply>(
  first: Line<Reply>,
  open: () => Promise<Line<Reply>>,
  failed: (error: unknown) => void,
) {
  let line: Line<Reply> | undefined
  let attempts = 0
  let openedAt = performance.now()
  let closed = false
  use(first)

  function use(opened: Line<Reply>): void {
    line = opened
    opened.onLost?.((error) => end(opened, error))
  }

  async function reopen(): Promise<void> {
    // the first attempt is made at once
    if (attempts > 0) await new Promise<void>((resolve) => void setTimeout(resolve, waitBefore(attempts)).unref())
    attempts += 1
    if (closed) return undefined
    const opened = await open().catch(failed)
    if (!opened) return reopen()
    openedAt = performance.now()
    if (closed) opened.close()
    else use(opened)
    return undefined
  }

  function end(wrong: Line<Reply>, error: unknown): void {
    if (wrong !== line || closed) return
    line = undefined
    failed(error)
    wrong.close()
    if (performance.now() - openedAt > 2 * longestWaitMs) attempts = 0
    void reopen()
  }

  return {
    async command(key: string, command: string[]): Promise<Reply> {
      const used = line
      if (!used) throw new Error('another server is looked for')
      try {
        return await used.command(key, command)
      } catch (error) {
        if (isWrongOne(error)) end(used, error)
        throw error
      }
    },
    close(): void {
      closed = true
      line?.close()
    },
  }
}
