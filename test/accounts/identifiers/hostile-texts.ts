/** Texts from which no identifier may be read: each begins as a valid one and has a fault. */
export function spoilt(good: string): [string, string][] {
  const rest = good.slice(1)
  return [
    ['nothing', ''],
    ['a line end', `${good}\r\n`],
    ['a line end inside', `${good.slice(0, 4)}\n${good.slice(4)}`],
    ['a tab', `${good}\t`],
    ['a NUL', `${good}\0`],
    ['a right-to-left mark', `\u200f${good}`],
    ['a right-to-left override', `${good.slice(0, 3)}\u202e${good.slice(3)}`],
    ['a zero-width space', `${good.slice(0, 3)}\u200b${good.slice(3)}`],
    ['a byte order mark', `\ufeff${good}`],
    ['a line separator', `${good}\u2028`],
    ['an Arabic digit', `\u0661${rest}`],
    ['a combining accent', `${good}\u0301`],
    ['a quotation mark', `${good}'--`],
    ['a second one', `${good},${good}`],
    ['a lone surrogate', `${good}\ud800`],
    ['a megabyte', good.padEnd(1_000_000, good)],
    ['a megabyte of spaces', `${good}${' '.repeat(1_000_000)}x`],
    ['a megabyte that folds to more', '\ufdfa'.repeat(1_000_000)],
  ]
}

/** The full-width form of ASCII, as from Chinese keyboards. */
export function fullWidth(text: string): string {
  return text.replaceAll(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0)).replaceAll(' ', '\u3000')
}

/** Milliseconds that a call takes. */
export function millisecondsOf(call: () => unknown): number {
  const start = performance.now()
  call()
  return performance.now() - start
}
