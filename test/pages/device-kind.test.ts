import { expect, test } from 'vitest'
import { deviceKindOf } from '../../src/pages/device-kind.ts'

const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const ios = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'

test.each([
  ['phone', '?1', ''],
  ['phone', '?1', `Mozilla/5.0 (Linux; Android 10; K) ${webkit} Chrome/131.0.0.0 Mobile Safari/537.36`],
  ['computer', '?0', `Mozilla/5.0 (X11; Linux x86_64) ${webkit} Chrome/131.0.0.0 Safari/537.36`],
  // a phone whose holder asked for the desktop site
  ['computer', '?0', `Mozilla/5.0 (Linux; Android 10; K) ${webkit} Chrome/131.0.0.0 Mobile Safari/537.36`],
  ['phone', '', `Mozilla/5.0 (Linux; Android 10; K) ${webkit} Chrome/131.0.0.0 Mobile Safari/537.36`],
  [
    'phone',
    '',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) ${ios} Version/18.1 Mobile/15E148 Safari/604.1`,
  ],
  ['phone', '', 'Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0'],
  ['phone', '', `Mozilla/5.0 (Phone; OpenHarmony 5.0) ${webkit} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1`],
  [
    'phone',
    '',
    `Mozilla/5.0 (Linux; Android 13; V2148A; wv) ${webkit} Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160065 MicroMessenger/8.0.50 WeChat/arm64`,
  ],
  ['computer', '', `Mozilla/5.0 (Linux; Android 13; SM-X700) ${webkit} Chrome/131.0.0.0 Safari/537.36`],
  ['computer', '', `Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) ${ios} Version/12.1 Mobile/15E148 Safari/604.1`],
  ['computer', '', `Mozilla/5.0 (Tablet; OpenHarmony 5.0) ${webkit} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1`],
  ['computer', '', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${ios} Version/18.1 Safari/605.1.15`],
  ['computer', '', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/126.0.0.0 Safari/537.36 WindowsWechat`],
  ['computer', '', 'curl/8.5.0'],
  ['computer', '', ''],
  ['computer', 'nonsense', ''],
] as const)('%s: hint "%s", user agent "%s"', (kind, hint, userAgent) => {
  expect(deviceKindOf({ hint, userAgent })).toBe(kind)
})
