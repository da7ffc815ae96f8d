import type { TextPurpose } from '../../channels/senders/sms/text-sender.ts'
import type { Translate } from '../../pages/words.ts'
import { codeSeconds } from './code-store.ts'

/** Longest variable of the vendors' templates, in UTF-16 units. */
const longestName = 35
const characters = new Intl.Segmenter('zh', { granularity: 'grapheme' })

/** The line that lets a browser offer the code in one press, on this host alone (WebOTP, "Origin-bound one-time codes"). */
const boundTo = (issuer: string, code: string) => `@${new URL(issuer).hostname} #${code}`

/** The text with a code: it names the portal and the act, and says that the code is for no other person. */
export function codeText(
  t: Translate,
  { purpose, code, portal, issuer }: { purpose: TextPurpose; code: string; portal: string; issuer: string },
): string {
  const values = { code, portal: portalName(portal), minutes: codeSeconds / 60 }
  return `${wordsOf(t, purpose, values)}\n${boundTo(issuer, code)}`
}

/** The text to the phone of an account that was recovered, with the link that stops it. */
export const recoveredText = (t: Translate, url: string): string => t('texts.recovered', { url })

/** The text to the old number after a change. */
export const changeText = (t: Translate, { portal, helpline }: { portal: string; helpline: string }): string =>
  t('texts.changed', { portal: portalName(portal), helpline })

/** A portal chooses its name; a long one must not push the warning out of the text. No character is cut apart. */
export function portalName(name: string): string {
  if (name.length <= longestName) return name
  let kept = ''
  for (const { segment } of characters.segment(name)) {
    if (kept.length + segment.length >= longestName) break
    kept += segment
  }
  return `${kept}…`
}

function wordsOf(t: Translate, purpose: TextPurpose, values: Record<string, string | number>): string {
  switch (purpose) {
    case 'sign-in':
      return t('texts.sign_in', values)
    case 'register':
      return t('texts.register', values)
    case 'bind':
      return t('texts.bind', values)
    case 'recover':
      return t('texts.recover', values)
    default:
      return purpose satisfies never
  }
}
