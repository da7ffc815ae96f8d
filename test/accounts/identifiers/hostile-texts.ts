/** Texts from which no identifier may be read: each begins as a valid one and has a fault. */
export function spoilt(good: string): [string, string][] {
  const rest = good.slice(1)
  return [
    ['nothing', ''],
    ['a line end inside', `${good.slice(0, 4)}\n${good.slice(4)}`],
    ['a tab inside', `${good.slice(0, 4)}\t${good.slice(4)}`],
    ['a NUL', `${good}\0`],
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

/** The same identifier with invisible marks, as address books, chat programs and copied pages add them. */
export function withMarks(good: string): [string, string][] {
  const inside = (mark: string) => good.slice(0, 3) + mark + good.slice(3)
  return [
    ['a left-to-right override, as of contacts', `\u202d${good}\u202c`],
    ['isolates, as of messengers', `\u2068${good}\u2069`],
    ['an embedding', `\u202a${good}\u202c`],
    ['a right-to-left override', inside('\u202e')],
    ['a left-to-right mark', `\u200e${good}`],
    ['a right-to-left mark', `\u200f${good}`],
    ['an Arabic letter mark', `\u061c${good}`],
    ['a zero-width space', inside('\u200b')],
    ['a joiner', inside('\u200d')],
    ['a word joiner', inside('\u2060')],
    ['a byte order mark', `\ufeff${good}`],
    ['a soft hyphen', inside('\u00ad')],
    ['a tab, as of a copied cell', `${good}\t`],
    ['a line end, as of a copied cell', `${good}\r\n`],
    ['a no-break space', `${good}\u00a0`],
    ['a variation selector', `${good}\ufe0e`],
    ['full-width characters', fullWidth(good)],
    ['a mark around each character', Array.from(good, (one) => `\u2066${one}\u2069`).join('')],
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
