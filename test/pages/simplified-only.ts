import { readFileSync } from 'node:fs'

/**
 * Characters that only simplified Chinese has: OpenCC's STCharacters (opencc-js 1.4.2) gives another one for each.
 * Those that are common in traditional texts too are left out (Big5 level 1): 台, 后, 里.
 */
export const simplifiedOnly: ReadonlySet<string> = new Set(
  readFileSync(new URL('simplified-only.txt', import.meta.url), 'utf8').replaceAll('\n', ''),
)

/** The simplified characters of a text, in its order. */
export const simplifiedIn = (text: string) => [...text].filter((character) => simplifiedOnly.has(character)).join('')

/** A page without the link that names simplified Chinese in its own characters. */
export const withoutSwitch = (html: string) => html.replaceAll(/<a\b[^>]*\blang="zh-CN"[^>]*>[^<]*<\/a>/g, '')
