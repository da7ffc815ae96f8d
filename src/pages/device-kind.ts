/** What a person holds, as far as a page's order depends on it. A tablet has room beside it for a phone, so it is a computer. */
export const deviceKinds = ['phone', 'computer', 'kiosk'] as const
export type DeviceKind = (typeof deviceKinds)[number]

const phones = /Mobi|iPhone|iPod|Windows Phone|\(Phone; (?:OpenHarmony|HarmonyOS)/
const tablets = /iPad|Tablet|PlayBook|Silk(?!.*Mobile)/

/**
 * Phone or computer, by the request that the browser sends anyway: no cookie, no script.
 * @param hint `Sec-CH-UA-Mobile` (User-Agent Client Hints, 3.4), which browsers send over https; it also says "desktop site"
 */
export function deviceKindOf({ hint, userAgent }: { hint: string; userAgent: string }): 'phone' | 'computer' {
  if (hint === '?1') return 'phone'
  if (hint === '?0') return 'computer'
  return phones.test(userAgent) && !tablets.test(userAgent) ? 'phone' : 'computer'
}
