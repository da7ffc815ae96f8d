/** Name of a browser and of its system, as people know them; empty where the user agent is unknown. */
export interface BrowserName {
  browser: string
  system: string
}

type Table = readonly (readonly [RegExp, string])[]

/** The order matters: the user agent of an earlier browser also contains the names of later ones. */
const browsers: Table = [
  [/MicroMessenger/, 'WeChat'],
  [/AlipayClient/, 'Alipay'],
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/HuaweiBrowser/, 'Huawei Browser'],
  [/MiuiBrowser/, 'Mi Browser'],
  [/UCBrowser/, 'UC'],
  [/QQBrowser/, 'QQ Browser'],
  [/Quark/, 'Quark'],
  [/OPR\//, 'Opera'],
  [/(Firefox|FxiOS)\//, 'Firefox'],
  [/(Chrome|Chromium|CriOS)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]

const systems: Table = [
  [/HarmonyOS|OpenHarmony/, 'HarmonyOS'],
  [/Android/, 'Android'],
  [/iPhone|iPod/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Windows/, 'Windows'],
  [/Macintosh|Mac OS X/, 'macOS'],
  [/UOS|Deepin|Kylin/i, 'Kylin/UOS'],
  [/Linux|X11/, 'Linux'],
]

const find = (table: Table, text: string) => table.find(([pattern]) => pattern.test(text))?.[1] ?? ''

export function nameBrowser(userAgent: string): BrowserName {
  return { browser: find(browsers, userAgent), system: find(systems, userAgent) }
}
