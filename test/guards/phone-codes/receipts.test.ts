import { describe, expect, it } from 'vitest'
import { receiptForms } from '../../../src/channels/senders/sms/receipts.ts'
import { asked, onBothStores } from '../../setup/phone-codes.ts'

const own = { purpose: 'register', act: 'registration 1', browser: 'b 1' } as const
/** The id of the first text of a world. */
const first = 'text-1'

onBothStores((world) => {
  describe('a receipt', () => {
    it('counts once, also where it comes many times at once, and keeps its first word', async () => {
      const { send, receipts, reports } = await world()
      await send()
      await Promise.all([1, 2, 3, 4].map(() => receipts.take({ id: first, delivered: true })))
      await receipts.take({ id: first, delivered: false })
      expect(reports).toEqual(['delivered'])
    })

    it('of a text that no vendor got, or of yesterday, changes nothing', async () => {
      const { send, receipts, reports, forward } = await world()
      await receipts.take({ id: 'made-up', delivered: false })
      await send()
      forward(86_401_000)
      await receipts.take({ id: first, delivered: true })
      expect(reports).toEqual([])
    })

    it.each([
      [299, true, 'delivered'],
      [301, true, 'late'],
      [301, false, 'failed'],
    ])('after %i seconds, delivered %s, is %s', async (seconds, delivered, outcome) => {
      const { send, receipts, reports, forward } = await world()
      await send()
      forward(seconds * 1000)
      await receipts.take({ id: first, delivered })
      expect(reports).toEqual([outcome])
    })

    it('has no number and no code in the store', async () => {
      const { send, receipts, artifacts, last } = await world()
      const written: string[] = []
      for (const name of ['add', 'put'] as const) {
        const write = artifacts[name]
        artifacts[name] = (kind: string, id: string, value: string, options: never) => {
          if (kind.startsWith('text-receipt') || kind === 'text-newest') written.push(id, value)
          return write(kind, id, value, options) as never
        }
      }
      await send()
      await receipts.take({ id: first, delivered: false })
      expect(written.length).toBeGreaterThan(2)
      expect(written.join(' ')).not.toMatch(new RegExp(`${last()}|${asked.phone.slice(3)}`))
    })
  })

  describe('a text that failed', () => {
    it.each(['register', 'bind'] as const)('shows, and needs no pause before the next, once: %s', async (purpose) => {
      const { codes, send, texts, receipts } = await world()
      const code = { ...asked, ...own, purpose }
      await send(code)
      expect(await codes.failed(code)).toBe(false)
      expect(await send(code)).toMatchObject({ by: 'number' })
      await receipts.take({ id: first, delivered: false })
      expect(await codes.failed(code)).toBe(true)
      expect(await send(code)).toBeUndefined()
      expect(texts).toHaveLength(2)
      expect(await codes.failed(code)).toBe(false)
      expect(await send(code)).toMatchObject({ by: 'number' })
    })

    it('frees one further text, for many forms at once', async () => {
      const { send, texts, receipts } = await world()
      const code = { ...asked, ...own }
      await send(code)
      await receipts.take({ id: first, delivered: false })
      const failures = await Promise.all([1, 2, 3, 4].map(() => receipts.takeFailure(code)))
      expect(failures.filter(Boolean)).toHaveLength(1)
      expect(texts).toHaveLength(1)
    })

    it('leaves every other limit: five texts to one number in an hour', async () => {
      const { send, texts, receipts } = await world()
      const code = { ...asked, ...own }
      for (let index = 1; index <= 8; index += 1) {
        await send(code, { address: `198.51.${index}.1` })
        await receipts.take({ id: `text-${index}`, delivered: false })
      }
      expect(texts).toHaveLength(5)
    })

    it('an old text that fails late says nothing of the newer one', async () => {
      const { codes, send, receipts, forward } = await world()
      const code = { ...asked, ...own }
      await send(code)
      forward(60_000)
      await send(code)
      await receipts.take({ id: first, delivered: false })
      expect(await codes.failed(code)).toBe(false)
      await receipts.take({ id: 'text-2', delivered: false })
      expect(await codes.failed(code)).toBe(true)
    })

    it.each(['sign-in', 'recover'] as const)(
      'shows nothing of a number that may open an account, and frees nothing: %s',
      async (purpose) => {
        const { codes, send, receipts } = await world()
        const code = { ...asked, purpose, personId: 'anna' }
        await send(code)
        await receipts.take({ id: first, delivered: false })
        expect(await codes.failed(code)).toBe(false)
        // the same as for a number that opens nothing, to which no text was sent
        expect(await send(code)).toMatchObject({ by: 'number' })
      },
    )
  })
})

describe('the bodies of the vendors, as their documents show them', () => {
  it('Tencent', () => {
    const one = {
      user_receive_time: '2015-10-17 08:03:04',
      nationcode: '86',
      mobile: '13800138000',
      report_status: 'SUCCESS',
      errmsg: 'DELIVRD',
      description: '用户短信送达成功',
      sid: '12:abc',
    }
    expect(receiptForms.tencent.read([one, { ...one, sid: '13', report_status: 'FAIL' }])).toEqual([
      { id: '12:abc', delivered: true },
      { id: '13', delivered: false },
    ])
  })

  it('Alibaba', () => {
    const one = {
      phone_number: '13800138000',
      send_time: '2017-01-01 00:00:00',
      report_time: '2017-01-01 00:00:00',
      success: true,
      err_code: 'DELIVERED',
      err_msg: '用户接收成功',
      sms_size: '1',
      biz_id: '12345',
      out_id: '67890',
    }
    expect(receiptForms.alibaba.read([one, { ...one, success: false }])).toEqual([
      { id: '12345', delivered: true },
      { id: '12345', delivered: false },
    ])
  })

  it.each(Object.keys(receiptForms) as (keyof typeof receiptForms)[])('%s: another body is refused', (sender) => {
    for (const body of [undefined, {}, 'x', [{}], [{ sid: 1, biz_id: 1, id: 1 }]])
      expect(() => receiptForms[sender].read(body)).toThrow()
    expect(receiptForms[sender].read([])).toEqual([])
  })
})
