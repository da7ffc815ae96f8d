import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readChannels } from '../../src/channels/channels.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const good = {
  id: 'yss',
  kind: 'wechat-mini',
  name: '粤省事',
  appid: 'wx1234',
  secretFile: 'secret',
  namespace: 'gd',
  subject: 'unionid',
  level: 2,
}

const alipay = { ...good, kind: 'alipay-h5', subject: 'open_id', publicKeyFile: 'secret' }

function read(content: unknown, production = false) {
  const directory = temporaryDirectory()
  const file = join(directory, 'channels.json')
  writeFileSync(join(directory, 'secret'), 'top-secret\n')
  writeFileSync(join(directory, 'empty'), ' \n')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return readChannels({ channels: { file }, production })
}

it('reads a channel with its key, and fills in the origins of the vendor', () => {
  expect(read([good])).toEqual([
    {
      id: 'yss',
      kind: 'wechat-mini',
      name: '粤省事',
      appid: 'wx1234',
      namespace: 'gd',
      subject: 'unionid',
      level: 2,
      clients: 'all',
      secret: 'top-secret',
      publicKey: undefined,
      api: 'https://api.weixin.qq.com',
      open: 'https://open.weixin.qq.com',
    },
  ])
  expect(read([alipay])[0]).toMatchObject({ publicKey: 'top-secret', open: 'https://openauth.alipay.com' })
})

it('has no channel without a file', () => {
  expect(readChannels({ channels: { file: '' }, production: true })).toEqual([])
})

it.each([
  ['no JSON', '{', 'it is no JSON document'],
  ['an unknown kind', [{ ...good, kind: 'qq' }], '0.kind'],
  ['an id twice', [good, good], 'must have each id once'],
  ['an id of other letters', [{ ...good, id: '../x' }], '0.id must have small letters'],
  ['an address with a path', [{ ...good, api: 'https://api.example/x' }], '0.api must be an origin'],
  ['a script for an address', [{ ...good, open: 'javascript:alert(1)' }], '0.open'],
  ['level 4', [{ ...good, level: 4 }], '0.level'],
  ['an id of the other vendor', [{ ...good, subject: 'user_id' }], '0.subject is an id that this vendor lacks'],
  ['Alipay without its key', [{ ...alipay, publicKeyFile: undefined }], '0.publicKeyFile Alipay needs it'],
  ['an unknown field', [{ ...good, appsecret: 'top-secret' }], 'Unrecognized key'],
  ['a key file that is not there', [{ ...good, secretFile: 'none' }], 'a key file of the channel yss cannot be read'],
  ['an empty key file', [{ ...good, secretFile: 'empty' }], 'a key file of the channel yss is empty'],
])('refuses %s, and shows no key', (_, content, why) => {
  expect(() => read(content)).toThrow(why)
  expect(() => read(content)).toThrow('The setting YIDENG_CHANNELS names a file that cannot be used')
  expect(() => read(content)).not.toThrow('top-secret')
})

it('refuses http in production alone', () => {
  const channels = [{ ...good, api: 'http://127.0.0.1:1' }]
  expect(read(channels)[0]?.api).toBe('http://127.0.0.1:1')
  expect(() => read(channels, true)).toThrow('the channel yss has an address that does not begin with https://')
})
