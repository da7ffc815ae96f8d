import { describe, expect, test } from 'vitest'
import { arrange, type Situation } from '../../src/login/arrange.ts'
import { loginMethods } from '../../src/login-methods.ts'
import { deviceKinds } from '../../src/pages/device-kind.ts'

const say = (situation: Situation, names = loginMethods.map(({ name }): string => name)) =>
  arrange(
    loginMethods.filter(({ name }) => names.includes(name)),
    situation,
  ).map(({ method, shown }) => `${method.name} ${shown}`)

const everywhere = ['passkey', 'password', 'qr']

test.each<[string, Partial<Situation>, string[], string[]]>([
  ['a phone', { device: 'phone' }, everywhere, ['passkey button', 'password form', 'qr tile']],
  ['a computer', { device: 'computer' }, everywhere, ['passkey button', 'password form', 'qr panel']],
  ['a kiosk', { device: 'kiosk' }, [...everywhere, 'face'], ['password row', 'qr panel', 'face form']],
  ['a known passkey', { last: 'passkey' }, everywhere, ['passkey alone', 'password row', 'qr row']],
  ['a known passkey at a kiosk', { device: 'kiosk', last: 'passkey' }, everywhere, ['password row', 'qr panel']],
  ['a last password', { last: 'password' }, everywhere, ['passkey button', 'password form', 'qr panel']],
  ['a last QR code', { last: 'qr' }, everywhere, ['passkey button', 'password form', 'qr panel']],
  ['an unknown last method', { last: 'smoke' }, everywhere, ['passkey button', 'password form', 'qr panel']],
  ['a chosen way', { chosen: 'qr', device: 'phone' }, everywhere, ['qr alone']],
  ['a chosen way over the last', { chosen: 'password', last: 'passkey' }, everywhere, ['password alone']],
  ['a way that is not offered', { chosen: 'qr' }, ['passkey', 'password'], ['passkey button', 'password form']],
  [
    'no passkey at a kiosk, though chosen',
    { chosen: 'passkey', device: 'kiosk' },
    everywhere,
    ['password row', 'qr panel'],
  ],
  ['only one method', {}, ['passkey'], ['passkey alone']],
  ['only one, of another device', { device: 'kiosk' }, ['passkey'], ['passkey alone']],
  ['关怀版', { elder: true }, everywhere, ['passkey row', 'password row', 'qr row']],
  [
    '关怀版 at a kiosk',
    { elder: true, device: 'kiosk' },
    [...everywhere, 'face'],
    ['face row', 'qr row', 'password row'],
  ],
  ['关怀版 with a chosen way', { elder: true, chosen: 'password' }, everywhere, ['password alone']],
  ['an app on a phone', { device: 'phone', inApp: true }, everywhere, ['password form', 'qr tile', 'passkey row']],
  ['an app on a tablet', { inApp: true }, everywhere, ['password form', 'qr panel', 'passkey row']],
  [
    'an app with a known passkey',
    { last: 'passkey', inApp: true },
    everywhere,
    ['password form', 'qr panel', 'passkey row'],
  ],
  ['an app, the passkey chosen', { chosen: 'passkey', inApp: true }, everywhere, ['passkey alone']],
  ['an app, and only a passkey', { inApp: true }, ['passkey'], ['passkey alone']],
  ['关怀版 in an app', { elder: true, inApp: true }, everywhere, ['password row', 'qr row', 'passkey row']],
  ['the way that a portal asks for', { here: 'qr' }, everywhere, ['qr alone', 'passkey row', 'password row']],
  ['that way over the last', { here: 'qr', last: 'passkey' }, everywhere, ['qr alone', 'passkey row', 'password row']],
  ['that way in 关怀版', { here: 'qr', elder: true }, everywhere, ['qr row', 'passkey row', 'password row']],
  ['that way at a kiosk', { here: 'qr', device: 'kiosk' }, everywhere, ['password row', 'qr panel']],
  ['no method', {}, [], []],
])('%s', (_, situation, offered, expected) => {
  expect(say({ device: 'computer', elder: false, ...situation }, offered)).toEqual(expected)
})

describe.each(deviceKinds)('on a %s', (device) => {
  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])(
    'each way that is offered has a place, and at most one is a form or alone; elder %s, in an app %s',
    (elder, inApp) => {
      for (const last of ['', ...loginMethods.map(({ name }) => name)]) {
        const shown = say({ device, elder, last, inApp })
        expect(shown.length).toBeGreaterThanOrEqual(3)
        expect(shown.filter((one) => / (form|alone)$/.test(one)).length).toBe(elder ? 0 : 1)
      }
    },
  )
})
