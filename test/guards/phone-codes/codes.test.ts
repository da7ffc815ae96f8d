import { describe, expect, it } from 'vitest'
import { textPurposes } from '../../../src/channels/senders/sms/text-sender.ts'
import type { CodeFor } from '../../../src/guards/phone-codes/phone-codes.ts'
import { loadWords } from '../../../src/pages/words.ts'
import { asked, onBothStores, phone } from '../../setup/phone-codes.ts'

const words = loadWords()

onBothStores((codesWorld) => {
  describe('a code', () => {
    it.each(textPurposes)('for %s has six digits, names portal and act, and warns', async (purpose) => {
      const { send, texts } = await codesWorld()
      expect(await send({ purpose })).toBeUndefined()
      const [text] = texts
      expect(text).toMatchObject({ to: phone, purpose, portal: '深圳', language: 'zh-CN' })
      expect(text?.code).toMatch(/^\d{6}$/)
      expect(text?.text).toContain('深圳')
      expect(text?.text).toContain('不要告诉任何人')
      // "Origin-bound one-time codes": the last line, and nothing behind
      expect(text?.text.split('\n').at(-1)).toBe(`@login.example.gov.cn #${text?.code}`)
    })

    it('says its act in each language, and each act in other words', () => {
      for (const language of ['zh-CN', 'zh-Hant', 'en'] as const) {
        const values = { code: '1', portal: 'P', minutes: 5 }
        const all = ['sign_in', 'register', 'bind', 'recover'].map((key) => words(language)(`texts.${key}`, values))
        expect(new Set(all).size).toBe(4)
      }
    })

    it('cuts the name of a portal that would hide the warning', async () => {
      const { send, texts } = await codesWorld()
      await send({ portal: '门'.repeat(300) })
      expect(texts[0]?.text).toContain('不要告诉任何人')
      expect(texts[0]?.text.length).toBeLessThan(200)
    })

    it('has a name of 35 characters at most, and cuts no character apart', async () => {
      const { send, texts, forward } = await codesWorld()
      const names = ['门'.repeat(35), '门'.repeat(36), `${'门'.repeat(33)}𠮷门`, `${'门'.repeat(33)}e\u0301e\u0301`]
      for (const portal of names) {
        await send({ portal }, { address: `198.51.${names.indexOf(portal)}.1` })
        forward(60_000)
      }
      const cut = `${'门'.repeat(33)}…`
      expect(texts.map(({ portal }) => portal)).toEqual(['门'.repeat(35), `${'门'.repeat(34)}…`, cut, cut])
    })

    it('is right once', async () => {
      const { codes, send, last } = await codesWorld()
      await send()
      expect(await codes.check(asked, last())).toBe('right')
      expect(await codes.check(asked, last())).toBe('over')
    })

    it('is right once for many at a time', async () => {
      const { codes, send, last } = await codesWorld()
      await send()
      const all = await Promise.all(Array.from({ length: 8 }, () => codes.check(asked, last())))
      expect(all.filter((one) => one === 'right')).toHaveLength(1)
    })

    const changes: [string, Partial<CodeFor>][] = [
      ['another login', { act: 'login 2' }],
      ['another browser', { browser: 'b 2' }],
      ['another number', { phone: '+8613800138001' }],
      ...textPurposes
        .filter((purpose) => purpose !== 'sign-in')
        .map((purpose): [string, Partial<CodeFor>] => [`the act ${purpose}`, { purpose }]),
    ]
    it.each(changes)('is wrong for %s, and still right for its own', async (_what, change) => {
      const { codes, send, last } = await codesWorld()
      await send()
      expect(await codes.check({ ...asked, ...change }, last())).not.toBe('right')
      expect(await codes.check(asked, last())).toBe('right')
    })

    it('of A never serves B: a code for the own number, then another number', async () => {
      const { codes, send, last, forward } = await codesWorld()
      await send({ phone: '+8613800138001' })
      const own = last()
      expect(await codes.check(asked, own)).not.toBe('right')
      forward(60_000)
      await send()
      // one lives at a time: the code of the own number has ended
      expect(await codes.check({ ...asked, phone: '+8613800138001' }, own)).not.toBe('right')
      expect(await codes.check(asked, own === last() ? '' : own)).not.toBe('right')
      expect(await codes.check(asked, last())).toBe('right')
    })

    it('lives five minutes', async () => {
      const { codes, send, last, forward } = await codesWorld()
      await send()
      forward(299_000)
      expect(await codes.check(asked, 'x')).toBe('wrong')
      forward(2000)
      expect(await codes.check(asked, last())).toBe('over')
    })

    it('has five tries, also for many at a time', async () => {
      const { codes, send, last, forward } = await codesWorld()
      await send()
      const wrong = last() === '000000' ? '000001' : '000000'
      const told = await Promise.all(Array.from({ length: 30 }, () => codes.check(asked, wrong)))
      expect(told.filter((one) => one === 'wrong')).toHaveLength(4)
      expect(await codes.check(asked, last())).toBe('over')
      forward(60_000)
      await send()
      for (let tries = 0; tries < 4; tries += 1) await codes.check(asked, 'wrong')
      expect(await codes.check(asked, last())).toBe('right')
    })

    it('is in no store in plain, nor is the number', async () => {
      const { send, last, artifacts } = await codesWorld()
      const written: string[] = []
      const { put } = artifacts
      artifacts.put = (kind, id, value, options) => {
        written.push(kind, id, value)
        return put(kind, id, value, options)
      }
      await send()
      // the keyed fingerprint of the real index is opaque; the one of this test shows its input
      const stored = written.join(' ').replaceAll(/"mac":"[^"]*"/g, '')
      expect(stored).not.toContain(last())
      expect(stored).not.toContain(phone)
    })

    it('for a number that opens nothing is made and counted, and not sent', async () => {
      const { codes, send, texts } = await codesWorld()
      expect(await send({ deliver: false })).toBeUndefined()
      expect(texts).toEqual([])
      expect(await codes.check(asked, '000000')).toBe('wrong')
      expect(await send({ deliver: false })).toMatchObject({ by: 'number' })
    })

    it('that the vendor does not accept is audited without number and code', async () => {
      const { send, entries, counts, texts } = await codesWorld({}, () => true)
      expect(await send({ personId: 'anna' })).toBeUndefined()
      expect(texts).toEqual([])
      expect(counts).toEqual(['sign-in failed'])
      const details = { purpose: 'sign-in', fault: 'no answer' }
      expect(entries).toEqual([{ event: 'text.not-sent', actor: 'system', personId: 'anna', details }])
    })

    it('goes to the countries of the setting alone', async () => {
      const { codes } = await codesWorld()
      expect(codes.reaches(phone)).toBe(true)
      expect(codes.reaches('+85261234567')).toBe(false)
      expect((await codesWorld({ YIDENG_SMS_COUNTRIES: '86,852' })).codes.reaches('+85261234567')).toBe(true)
    })
  })
})
