import type { ConsoleWords } from '../text/console-words.ts'

const barWidth = 20
/** Time for a rate that means something. */
const settledMs = 1000
/** More changes a second nobody can read. */
const paintedEachMs = 200

/** Minutes and seconds, or hours and minutes. */
function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/**
 * Progress on one line of a terminal: part done, rate and time left.
 * @returns what a command calls as it goes on; a total of 0 is not known
 */
export function progressLine(options: {
  write: (text: string) => void
  words: ConsoleWords
  now: () => number
}): (done: number, total: number) => void {
  const { write, words, now } = options
  const began = now()
  let painted = Number.NEGATIVE_INFINITY
  return (done, total) => {
    const at = now()
    const ended = total > 0 && done >= total
    if (!ended && at - painted < paintedEachMs) return
    painted = at
    const elapsed = at - began
    const rate = elapsed > 0 ? (done * 1000) / elapsed : 0
    const settled = elapsed >= settledMs && rate > 0
    const speed = settled ? words.say(`, ${Math.round(rate)} a second`) : ''
    const left = settled && total > done ? words.say(`, ${durationText(((total - done) * 1000) / rate)} left`) : ''
    const full = total > 0 ? Math.round((barWidth * Math.min(done, total)) / total) : 0
    const bar = total > 0 ? `[${'#'.repeat(full)}${' '.repeat(barWidth - full)}] ` : ''
    const count = total > 0 ? words.say(`${done} of ${total}`) : String(done)
    write(`\r${bar}${count}${speed}${left}\u001b[K${ended ? '\n' : ''}`)
  }
}
