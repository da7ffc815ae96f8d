import { expect, it } from 'vitest'
import { cameraHelpFor, cameraHelps } from '../../../../src/login/methods/face/camera-help.ts'

const webkit = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const blink = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'
const android = 'Mozilla/5.0 (Linux; Android 14; V2307A)'
const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)'
const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)'

const cases: [string, string, string][] = [
  ['Chrome on Android', `${android} ${blink} Chrome/131.0.0.0 Mobile Safari/537.36`, 'android'],
  ['Huawei Browser', 'Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114 HuaweiBrowser/5.0', 'android'],
  ['Safari on iPhone', `${iphone} ${webkit} Version/18.1 Mobile/15E148 Safari/604.1`, 'ios_safari'],
  ['Chrome on iPhone', `${iphone} ${webkit} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1`, 'ios'],
  [
    'WeChat on Android, which names itself late',
    `${android.replace('V2307A', 'V2307A Build/UP1A.231005.007; wv')} ${blink} Version/4.0 Chrome/126.0.6478.188 Mobile Safari/537.36 XWEB/1260183 MMWEBSDK/20240501 MMWEBID/1234 MicroMessenger/8.0.50.2701(0x2800323E) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64`,
    'inside',
  ],
  ['WeChat on iPhone', `${iphone} ${webkit} Mobile/15E148 MicroMessenger/8.0.49(0x18003137)`, 'inside'],
  [
    'a mini program of WeChat',
    `${iphone} ${webkit} Mobile/15E148 MicroMessenger/8.0.60 NetType/WIFI Language/zh_CN miniProgram/wx1234`,
    'mini',
  ],
  ['UC, a browser', `${android} ${blink} Version/4.0 Chrome/100 UCBrowser/16.4 Mobile Safari/537.36`, 'android'],
  ['Alipay', `${iphone} ${webkit} Mobile/22B83 Ariver/1.1.0 AliApp(AP/10.6.80) AlipayClient/10.6.80`, 'inside'],
  ['DingTalk', `${android} ${blink} Version/4.0 Chrome/111 Mobile Safari/537.36 AliApp(DingTalk/7.6.0)`, 'inside'],
  ['Chrome on Windows', `${windows} ${blink} Chrome/131.0.0.0 Safari/537.36`, 'chromium'],
  ['Edge on Windows', `${windows} ${blink} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0`, 'chromium'],
  ['Firefox on Windows', 'Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/20100101 Firefox/133.0', 'firefox'],
  ['Safari on a Mac', `${mac} ${webkit} Version/18.1 Safari/605.1.15`, 'mac_safari'],
  ['an unknown one', 'curl/8', 'other'],
]

it.each(cases)('%s', (_name, agent, help) => expect(cameraHelpFor(agent)).toBe(help))

it('sees every kind', () => expect(new Set(cases.map(([, , help]) => help))).toEqual(new Set(cameraHelps)))
