/** Languages the pages are written in, the first one is the default. */
export const languages = ['zh-CN', 'en'] as const

export type Language = (typeof languages)[number]

/** Each language by its own name, as the switch shows it. */
export const languageNames: Record<Language, string> = { 'zh-CN': '简体中文', en: 'English' }

/** True for a language the pages are written in, spelt exactly as in `languages`. */
export function isLanguage(value: string | undefined): value is Language {
  return languages.some((language) => language === value)
}

export interface LanguageWishes {
  /** What the person chose with the switch; counts only when spelt exactly as a supported language. */
  readonly cookie?: string | undefined
  /** OpenID Connect `ui_locales`: BCP 47 tags separated by spaces, dearest first. */
  readonly uiLocales?: string | undefined
  /** The browser's `Accept-Language` header. */
  readonly acceptLanguage?: string | undefined
}

/** The person's own choice goes before the portal's wish, the portal's before the browser's; else Simplified Chinese. */
export function chooseLanguage({ cookie, uiLocales, acceptLanguage }: LanguageWishes): Language {
  if (isLanguage(cookie)) return cookie
  const wished = [...(uiLocales ?? '').split(' '), ...acceptedTags(acceptLanguage ?? '')]
  return wished.map(languageOfTag).find((language) => language !== undefined) ?? languages[0]
}

function languageOfTag(tag: string): Language | undefined {
  const [primary] = tag.toLowerCase().split('-')
  if (primary === 'zh') return 'zh-CN'
  return primary === 'en' ? 'en' : undefined
}

/** Tags by falling quality (RFC 9110 12.5.4); those with q=0 are refused, a malformed quality counts as refused. */
function acceptedTags(header: string): string[] {
  return header
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((piece) => piece.trim())
      const quality = parameters.find((parameter) => /^q=/i.test(parameter))
      return { tag, quality: quality === undefined ? 1 : Number(quality.slice(2)) }
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
    .map(({ tag }) => tag)
}
