import { expect, it } from 'vitest'
import { apps, containerOf, exits } from '../../src/pages/container.ts'
import { languages } from '../../src/pages/languages.ts'
import { loadWords } from '../../src/pages/words.ts'

const webkit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const blink = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const android = 'Mozilla/5.0 (Linux; Android 14; V2307A'
const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)'

const cases: [string, string, string | undefined][] = [
  ['WeChat on iPhone', `${iphone} ${webkit} Mobile/15E148 MicroMessenger/8.0.49(0x18003137)`, 'wechat menu'],
  [
    'WeChat on Android with the engine of QQ’s browser',
    `${android}; wv) ${blink} Version/4.0 Chrome/126 MQQBrowser/6.2 TBS/046 Mobile Safari/537.36 MicroMessenger/8.0.50`,
    'wechat menu',
  ],
  ['WeCom', `${iphone} ${webkit} Mobile/15E148 wxwork/4.1.28 MicroMessenger/7.0.1`, 'wechat menu'],
  [
    'a mini program of WeChat',
    `${iphone} ${webkit} Mobile/15E148 MicroMessenger/8.0.60 NetType/WIFI Language/zh_CN miniProgram/wx1234`,
    'wechat none mini program wx1234',
  ],
  [
    'a mini program of WeChat on a computer, which does not say which',
    `Mozilla/5.0 (Windows NT 10.0) ${blink} Chrome/126 Safari/537.36 MicroMessenger/7.0.20 MiniProgramEnv/Windows`,
    'wechat none mini program',
  ],
  [
    'Alipay with the engine of UC',
    `${android}) ${blink} Version/4.0 Chrome/100 UWS/5.0 UCBS/3.22 Mobile Safari/537.36 AliApp(AP/10.6.80) AlipayClient/10.6.80`,
    'alipay menu',
  ],
  [
    'a mini program of Alipay, with another capital letter',
    `${iphone} ${webkit} Mobile/22B83 Ariver/1.1.0 AliApp(AP/10.6.80) AlipayClient/10.6.80 MiniProgram`,
    'alipay none mini program',
  ],
  [
    'QQ',
    `${android}) ${blink} Version/4.0 Chrome/111 MQQBrowser/6.2 TBS/046 Mobile Safari/537.36 V1_AND_SQ_9.0.8 QQ/9.0.8`,
    'qq menu',
  ],
  [
    'QQ’s browser',
    `${android}) ${blink} Version/4.0 Chrome/121 MQQBrowser/15.3 Mobile Safari/537.36`,
    'qq_browser switch',
  ],
  ['UC', `${android}) ${blink} Version/4.0 Chrome/100 UCBrowser/16.4.8 Mobile Safari/537.36`, 'uc switch'],
  ['DingTalk', `${android}) ${blink} Version/4.0 Chrome/111 Mobile Safari/537.36 AliApp(DingTalk/7.6.0)`, 'other menu'],
  ['Chrome', `${android}) ${blink} Chrome/131.0.0.0 Mobile Safari/537.36`, undefined],
  ['Safari', `${iphone} ${webkit} Version/18.1 Mobile/15E148 Safari/604.1`, undefined],
  ['Huawei Browser', 'Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114 HuaweiBrowser/5.0', undefined],
  ['a program that says miniProgram only', 'curl/8 miniProgram', undefined],
  ['nothing', '', undefined],
]

const said = (userAgent: string) => {
  const container = containerOf(userAgent)
  if (!container) return undefined
  const { app, exit, miniProgram, appid } = container
  return [app, exit, ...(miniProgram ? ['mini program'] : []), ...(appid === undefined ? [] : [appid])].join(' ')
}

it.each(cases)('%s', (_name, userAgent, expected) => expect(said(userAgent)).toBe(expected))

it('the cases have every app and every exit', () => {
  const seen = cases.flatMap(([, userAgent]) => containerOf(userAgent) ?? [])
  expect(new Set(seen.map(({ app }) => app))).toEqual(new Set(apps))
  expect(new Set(seen.map(({ exit }) => exit))).toEqual(new Set(exits))
})

it.each(languages)('every app and every exit has its words in %s', (language) => {
  const t = loadWords()(language)
  for (const app of apps)
    for (const exit of exits)
      for (const about of ['passkey', 'camera', 'making'])
        expect(t(`apps.${about}_${exit}`, { app: t(`apps.${app}`) })).not.toContain('{')
})
