import type { ConsoleWords } from '../text/console-words.ts'

const barWidth = 20
/** Time for a rate that means something. */
const settledMs = 1000
/** A person cannot read more changes in a second. */
const paintedEachMs = 200

/** Minutes and seconds, or hours and minutes. */
function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** Progress on one line of a terminal. */
export interface ProgressLine {
  /** Part done; a total of 0 is not known yet. */
  show(done: number, total: number): void
  /** Removes an unfinished line. */
  clear(): void
}

/** Shows part done, rate and time left. The rate is that of the part whose total is known. */
export function progressLine(options: {
  write: (text: string) => void
  words: ConsoleWords
  now: () => number
}): ProgressLine {
  const { write, words, now } = options
  let part: { total: number; began: number; from: number } | undefined
  let painted = Number.NEGATIVE_INFINITY
  let open = false

  const paint = (done: number, total: number, rate: number | undefined) => {
    const full = total > 0 ? Math.round((barWidth * Math.min(done, total)) / total) : 0
    const bar = total > 0 ? `[${'#'.repeat(full)}${' '.repeat(barWidth - full)}] ` : ''
    const count = total > 0 ? words.say(`${done} of ${total}`) : String(done)
    const speed = rate === undefined ? '' : words.say(`, ${Math.round(rate)} a second`)
    const left =
      rate === undefined || total <= done ? '' : words.say(`, ${durationText(((total - done) * 1000) / rate)} left`)
    open = total === 0 || done < total
    write(`\r${bar}${count}${speed}${left}\u001b[K${open ? '' : '\n'}`)
  }
  return {
    show(done, total) {
      const at = now()
      if (part?.total !== total || done < part.from) part = { total, began: at, from: done }
      if (!(total > 0 && done >= total) && at - painted < paintedEachMs) return
      painted = at
      const elapsed = at - part.began
      const rate = elapsed >= settledMs ? ((done - part.from) * 1000) / elapsed : 0
      paint(done, total, rate > 0 ? rate : undefined)
    },
    clear() {
      if (open) write('\r\u001b[K')
      open = false
    },
  }
}
