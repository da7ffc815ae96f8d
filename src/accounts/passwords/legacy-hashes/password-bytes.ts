import { preparePassword } from '../prepare.ts'

let gbk: ReadonlyMap<string, readonly [number, number]> | undefined

/** The two bytes of each character in GBK (GB 18030): Node.js decodes GBK but does not encode it. */
function gbkTable(): ReadonlyMap<string, readonly [number, number]> {
  if (gbk) return gbk
  const decoder = new TextDecoder('gbk')
  const table = new Map<string, readonly [number, number]>()
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      const text = decoder.decode(Uint8Array.of(lead, trail))
      if ([...text].length === 1 && text !== '\u{fffd}' && !table.has(text)) table.set(text, [lead, trail])
    }
  }
  gbk = table
  return table
}

/** The text in GBK; undefined where GBK lacks a character. @internal */
export function gbkBytes(text: string): Buffer | undefined {
  const bytes: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const pair = code < 0x80 ? [code] : gbkTable().get(character)
    if (!pair) return undefined
    bytes.push(...pair)
  }
  return Buffer.from(bytes)
}

/**
 * The bytes that an old system may have hashed for a typed password: the normal form first, then the typed characters, in UTF-8 and
 * in GBK. A password of ASCII letters has one form. No old system hashed a NUL character; bcrypt would end there.
 */
export function passwordBytes(typed: string): Buffer[] {
  const texts = [preparePassword(typed), typed].filter((text) => !text.includes('\0'))
  const forms = [...texts.map((text) => Buffer.from(text)), ...texts.flatMap((text) => gbkBytes(text) ?? [])]
  return forms.filter((form, index) => forms.findIndex((one) => one.equals(form)) === index)
}
