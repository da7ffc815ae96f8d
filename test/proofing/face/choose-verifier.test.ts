import { expect, it } from 'vitest'
import { readSettings } from '../../../src/config/settings.ts'
import { ended, type FaceVerifier } from '../../../src/proofing/face/face-verifier.ts'
import { chooseVerifiers, servingIn } from '../../../src/proofing/face/choose-verifier.ts'

const verifier = (name: string): FaceVerifier => ({
  name,
  begin: async () => ({ kind: 'ended', result: ended('unavailable') }),
  complete: async () => ended('unavailable'),
})

/** The verifier of each purpose, with a local engine and one vendor configured. */
function chosen(environment: Record<string, string>) {
  const choose = chooseVerifiers(readSettings(environment).face, [verifier('local'), verifier('tencent')])
  return (['proofing', 'step-up', 'login'] as const).map((purpose) => choose(purpose).at(0)?.name)
}

it('each purpose has its verifier; one that is not configured is not used', () => {
  expect(chosen({})).toEqual(['local', 'local', 'local'])
  expect(chosen({ YIDENG_FACE_STEP_UP: 'tencent', YIDENG_FACE_LOGIN: 'none' })).toEqual(['local', 'tencent', undefined])
  expect(chosen({ YIDENG_FACE_PROOFING: 'alibaba' })).toEqual([undefined, 'local', 'local'])
})

it('in production the local engine is used only when it is accepted by name', () => {
  const production = { NODE_ENV: 'production', YIDENG_ISSUER: 'https://login.example', YIDENG_FACE_STEP_UP: 'tencent' }
  expect(chosen(production)).toEqual([undefined, 'tencent', undefined])
  expect(chosen({ ...production, YIDENG_FACE_ACCEPTED: 'local' })).toEqual(['local', undefined, 'local'])
})

it('of several verifiers the first that serves the browser is used, and a wrong name stops the start', () => {
  const { face } = readSettings({ YIDENG_FACE_STEP_UP: 'wechat, tencent', YIDENG_FACE_PROOFING: 'tencent,wechat' })
  const wechat = { ...verifier('wechat'), serves: (userAgent: string) => userAgent.includes('miniProgram') }
  const choose = chooseVerifiers(face, [verifier('tencent'), wechat])
  const served = (purpose: 'proofing' | 'step-up', userAgent: string) => servingIn(choose(purpose), userAgent)?.name
  expect(served('step-up', 'MicroMessenger miniProgram')).toBe('wechat')
  expect(served('step-up', 'Safari')).toBe('tencent')
  expect(served('proofing', 'MicroMessenger miniProgram')).toBe('tencent')
  expect(servingIn([wechat], 'Safari')).toBeUndefined()
  for (const wrong of ['wechat,', 'none,wechat', 'nobody'])
    expect(() => readSettings({ YIDENG_FACE_STEP_UP: wrong }), wrong).toThrow(/YIDENG_FACE_STEP_UP/)
  expect(() => readSettings({ YIDENG_FACE_LOGIN: 'wechat' })).toThrow('must be local or none')
})
