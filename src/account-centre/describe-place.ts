import type { RegionOf } from '../config/networks.ts'
import { regionName } from '../config/regions.ts'
import { nameBrowser } from '../pages/browser-name.ts'
import type { Language } from '../pages/languages.ts'

/** Region, browser and system of a request, in words people know; each empty where unknown. */
export function describePlace(
  regionOf: RegionOf,
  { address = '', browser = '' }: { address?: string; browser?: string },
  language: Language,
) {
  const region = regionOf(address)
  return { ...nameBrowser(browser), place: region === undefined ? address : regionName(region, language) }
}
