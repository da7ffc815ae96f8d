import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { asked, openCodesWorld } from '../../setup/phone-codes.ts'

const numbers = 400
/** Texts to one number in an hour (docs/tries.md). */
const codesOfNumber = 5
/** More than the limit lets through. */
const asksOfNumber = 12
const tries = 5
/**
 * Guesses for each code. The guesser knows that the code is one of these: fifty, in place of a million. So the right one
 * comes often enough to be counted.
 */
const candidates = 50

const anyCode = () => String(randomInt(10 ** 6)).padStart(6, '0')

/** The right code at any place among others. */
function guessesFor(code: string): string[] {
  const others = new Set<string>()
  while (others.size < candidates - 1) {
    const other = anyCode()
    if (other !== code) others.add(other)
  }
  const all = [...others]
  all.splice(randomInt(candidates), 0, code)
  return all
}

it('100,000 guesses from all addresses succeed as rarely as chance in five tries', async () => {
  const { codes, send, last, texts } = await openCodesWorld({ YIDENG_SMS_DAY_BUDGET: '1000000' })
  let [made, guessed, right, compared] = [0, 0, 0, 0]
  for (let number = 0; number < numbers; number += 1) {
    for (let ask = 0; ask < asksOfNumber; ask += 1) {
      const code = {
        ...asked,
        // each in a range of numbers of its own
        phone: `+86${13_000_000_000 + number * 20_000}`,
        act: `login ${number} ${ask}`,
        browser: `b ${number} ${ask}`,
      }
      const address = `198.${number % 250}.${ask}.${1 + (number % 200)}`
      if (await send(code, { address })) continue
      made += 1
      const guesses = guessesFor(last())
      // several at a time, as many machines would send them
      for (let at = 0; at < guesses.length; at += 10) {
        const some = guesses.slice(at, at + 10)
        for (const said of await Promise.all(some.map((guess) => codes.check(code, guess)))) {
          guessed += 1
          if (said === 'right') right += 1
          if (said !== 'over') compared += 1
        }
      }
    }
  }
  expect(made, 'the texts of one number in an hour').toBe(numbers * codesOfNumber)
  expect(texts).toHaveLength(made)
  expect(guessed).toBe(100_000)
  // the fifth wrong guess is answered like those after it
  expect(compared).toBeLessThanOrEqual(made * tries)
  const chance = tries / candidates
  const mean = made * chance
  // 5.5 standard deviations of the binomial distribution: p < 1e-6 on each side
  const margin = 5.5 * Math.sqrt(made * chance * (1 - chance))
  expect(right).toBeLessThan(mean + margin)
  expect(right, 'the right code is taken within five tries').toBeGreaterThan(mean - margin)
}, 120_000)
