import type { RegionOf } from '../config/networks.ts'
import { regionName } from '../config/regions.ts'
import { nameBrowser } from '../pages/browser-name.ts'
import type { Language } from '../pages/languages.ts'
import { requestOf } from '../pages/request-context.ts'
import type { RouterContext } from '../login/method.ts'

/** Region, browser and system of a request, in words people know; each empty where unknown. */
export function describePlace(
  regionOf: RegionOf,
  { address = '', browser = '' }: { address?: string; browser?: string },
  language: Language,
) {
  const region = regionOf(address)
  return { ...nameBrowser(browser), place: region === undefined ? address : regionName(region, language) }
}

/** A browser in the words people know it by, as views/parts/device.eta has it. */
export function deviceWords(ctx: RouterContext, { browser, system }: { browser: string; system: string }): string {
  const request = requestOf(ctx)
  const known = system || request.t('qr.unknown_system')
  return `${known}${request.t('common.comma')}${browser || request.t('qr.unknown_browser')}`
}
