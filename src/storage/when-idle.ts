/** Longest turn of the event loop without other work. */
const idleTurnMs = 0.1

/**
 * Runs when the event loop is idle, at the latest after `mostMs`. Under load, many writes gather in that time and
 * share a commit. A single write waits for two empty turns.
 */
export function whenIdle(mostMs: number, run: () => void): void {
  const latest = performance.now() + mostMs
  let turnBegan = 0
  const turn = () => {
    const now = performance.now()
    if (now >= latest || now - turnBegan < idleTurnMs) {
      run()
      return
    }
    turnBegan = now
    setImmediate(turn)
  }
  setImmediate(turn)
}
