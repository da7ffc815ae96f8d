/** Does what is due again and again, never twice at once in a process. */
export interface KeptTrying {
  /** Does it now, or waits for the run under way; returns how much was done. */
  tryDue(): Promise<number>
  stop(): Promise<void>
}

export function keepTrying(run: () => Promise<number>, everyMs: number, failed: (error: unknown) => void): KeptTrying {
  let running: Promise<number> | undefined
  const tryDue = () => {
    running ??= run().finally(() => {
      running = undefined
    })
    return running
  }
  const timer = setInterval(() => void tryDue().catch(failed), everyMs)
  timer.unref()
  return {
    tryDue,
    async stop() {
      clearInterval(timer)
      await running?.catch(() => 0)
    },
  }
}
