import { nameBrowser } from '../../../pages/browser-name.ts'
import { containerOf } from '../../../pages/container.ts'

/** How a browser lets a page use the camera; each has its words under `face.help_<kind>`. */
export const cameraHelps = [
  'inside',
  'mini',
  'ios_safari',
  'ios',
  'android',
  'chromium',
  'firefox',
  'mac_safari',
  'other',
] as const

export type CameraHelp = (typeof cameraHelps)[number]

/** The browser at hand, by the user agent of the request. A wrong one costs a wrong sentence only. */
export function cameraHelpFor(userAgent: string): CameraHelp {
  const { browser, system } = nameBrowser(userAgent)
  const container = containerOf(userAgent)
  if (container?.miniProgram) return 'mini'
  // a browser of its own decides about the camera as other browsers do
  if (container && container.exit !== 'switch') return 'inside'
  if (system === 'iPhone' || system === 'iPad') return browser === 'Safari' ? 'ios_safari' : 'ios'
  if (system === 'Android' || system === 'HarmonyOS') return 'android'
  if (browser === 'Firefox') return 'firefox'
  if (browser === 'Safari') return 'mac_safari'
  return browser === 'Chrome' || browser === 'Edge' ? 'chromium' : 'other'
}
