import { z } from 'zod'
import { readJson } from '../../config/machine-errors.ts'

const table = z.strictObject({ source: z.string(), characters: z.record(z.string(), z.string()) })
const { private_use: privateUse, radicals } = readJson(
  new URL('../../../config/han-characters.json', import.meta.url),
  z.strictObject({ private_use: table, radicals: table }),
)

const character = (hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))
const read = ({ characters }: z.infer<typeof table>) =>
  new Map(Object.entries(characters).map(([from, to]) => [character(from), character(to)]))

const assigned = read(privateUse)
const unified = read(radicals)

/** Replaces the private code points of GBK by the characters that GB 18030-2022 has for them. */
export const withoutPrivateUse = (text: string): string =>
  text.replaceAll(/[\u{e815}-\u{e864}]/gu, (one) => assigned.get(one) ?? one)

/** As `withoutPrivateUse`, and replaces radicals, as copied from PDF files, by their characters (Unicode UAX #44). */
export const usualHan = (text: string): string =>
  withoutPrivateUse(text).replaceAll(/[\u{2e80}-\u{2fdf}]/gu, (one) => unified.get(one) ?? one)
