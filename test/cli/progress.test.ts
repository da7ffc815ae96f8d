import { expect, it } from 'vitest'
import { progressLine } from '../../src/cli/progress.ts'
import { inChinese, inEnglish, type ConsoleWords } from '../../src/text/console-words.ts'

/** Shows these steps, each as milliseconds, part done and total, and returns what a terminal receives. */
function shown(words: ConsoleWords, ...steps: [number, number, number][]) {
  const written: string[] = []
  let now = 0
  const line = progressLine({ write: (text) => written.push(text), words, now: () => now })
  for (const [at, done, total] of steps) {
    now = at
    line.show(done, total)
  }
  line.clear()
  return written.map((text) => text.replace('\r', '').replace('\u001b[K', ''))
}

it('shows part done, rate and time left', () => {
  expect(shown(inEnglish, [0, 0, 200_000], [10_000, 20_000, 200_000], [100_000, 200_000, 200_000])).toEqual([
    '[                    ] 0 of 200000',
    '[##                  ] 20000 of 200000, 2000 a second, 1:30 left',
    '[####################] 200000 of 200000, 2000 a second\n',
  ])
})

it('shows hours, and Chinese', () => {
  expect(shown(inChinese(), [0, 0, 90_000], [10_000, 100, 90_000])[1]).toBe(
    '[                    ] 100 / 90000，每秒 10，剩余 2:29:50',
  )
})

it('counts while the total is not known, and begins the rate again with the total', () => {
  const [first, second, , third] = shown(inEnglish, [0, 1000, 0], [5000, 9000, 0], [6000, 0, 9000], [8000, 2000, 9000])
  expect([first, second]).toEqual(['1000', '9000, 1600 a second'])
  expect(third).toContain('2000 of 9000, 1000 a second, 0:07 left')
})

it('paints at most five times a second, but always the end', () => {
  const steps = Array.from({ length: 1000 }, (_, index) => [index, index + 1, 1000] as [number, number, number])
  const written = shown(inEnglish, ...steps)
  expect(written).toHaveLength(6)
  expect(written.at(-1)).toContain('1000 of 1000')
})

it('leaves no part of a line behind', () => {
  expect(shown(inEnglish, [0, 5, 0])).toEqual(['5', ''])
  expect(shown(inEnglish, [0, 5, 5])).toEqual(['[####################] 5 of 5\n'])
})
