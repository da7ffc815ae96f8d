/** Languages of the pages; the first is the default. */
export const languages = ['zh-CN', 'zh-Hant', 'en'] as const

export type Language = (typeof languages)[number]

/** Each language by its own name, as the switch shows it: the shortest one that its readers know. */
export const languageNames: Record<Language, string> = { 'zh-CN': '简体', 'zh-Hant': '繁體', en: 'English' }

/** Each language in a few characters, for the header. */
export const languageMarks: Record<Language, string> = { 'zh-CN': '简', 'zh-Hant': '繁', en: 'EN' }

/** True for a member of `languages`, in the exact spelling. */
export function isLanguage(value: string | undefined): value is Language {
  return languages.some((language) => language === value)
}

export interface LanguageWishes {
  /** The person's choice by the switch; ignored unless it is a member of `languages`. */
  readonly cookie?: string | undefined
  /** OpenID Connect `ui_locales`: tags separated by spaces, most preferred first. BCP 47, or as Java and POSIX write it. */
  readonly uiLocales?: string | undefined
  /** The browser's `Accept-Language` header. */
  readonly acceptLanguage?: string | undefined
}

/** Priority: the person's choice, the portal's wish, the browser's wish, Simplified Chinese. */
export function chooseLanguage({ cookie, uiLocales, acceptLanguage }: LanguageWishes): Language {
  if (isLanguage(cookie)) return cookie
  const wished = [...(uiLocales ?? '').split(separators), ...acceptedTags(acceptLanguage ?? '')]
  return wished.map(languageOfTag).find((language) => language !== undefined) ?? languages[0]
}

/** Chinese and its members in the registry of BCP 47 (ISO 639-3 macrolanguage `zho`). */
const chinese = new Set('zh zho chi cmn yue wuu hak nan gan hsn cdo cjy cpx czh czo mnp cnp csp lzh'.split(' '))
const english = new Set(['en', 'eng'])

/** Spaces (OpenID Connect Core 3.1.2.1), and what lists of other kinds have: JSON, Accept-Language. */
const separators = /[\s,;|/+"'[\]()]+/

/** Places where Chinese is written in traditional characters (CLDR likelySubtags), by letters and UN M.49 numbers. */
const traditional = new Set(['tw', 'hk', 'mo', '158', '344', '446'])
/** A tag without a language is Chinese with these (CLDR likelySubtags of `und`). */
const placesAndScripts = /^(?:hans|hant|hani|cn|tw|hk|mo|156|158|344|446)$/

/** `en_US.UTF-8`, `zh_CN` and `zh_TW_#Hant` are no BCP 47, but Java's `Locale.toString` and POSIX write them. */
function languageOfTag(tag: string): Language | undefined {
  const [primary = '', ...parts] = tag.toLowerCase().split(/[-_.@#]+/)
  if (english.has(primary)) return 'en'
  const isChinese = primary === 'und' ? placesAndScripts.test(parts[0] ?? '') : chinese.has(primary)
  return isChinese ? chineseOf(parts) : undefined
}

/** A script (ISO 15924; `cht` and `chs` of old Windows) has priority over a place: in Hong Kong, some read `zh-Hans-HK`. */
function chineseOf(parts: readonly string[]): Language {
  // one character begins an extension or private use (RFC 5646 2.2.6)
  const end = parts.findIndex((part) => part.length === 1)
  const known = end === -1 ? parts : parts.slice(0, end)
  const script = known.find((part) => /^(hans|hant|chs|cht)$/.test(part))
  if (script !== undefined) return script.endsWith('t') ? 'zh-Hant' : 'zh-CN'
  return known.some((part) => traditional.has(part)) ? 'zh-Hant' : 'zh-CN'
}

/** Tags by falling quality (RFC 9110 12.5.4), without those of quality 0 or of a malformed quality. */
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
