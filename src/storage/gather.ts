/** A turn of the event loop in which nobody else had anything to do is shorter than this. */
const quietTurnMs = 0.1

/**
 * Runs once the event loop has come to rest, at the latest after `mostMs`. Under load many writes gather meanwhile and
 * share a commit; alone, one waits for two empty turns.
 */
export function whenQuiet(mostMs: number, run: () => void): void {
  const latest = performance.now() + mostMs
  let turnBegan = 0
  const turn = () => {
    const now = performance.now()
    if (now >= latest || now - turnBegan < quietTurnMs) {
      run()
      return
    }
    turnBegan = now
    setImmediate(turn)
  }
  setImmediate(turn)
}
