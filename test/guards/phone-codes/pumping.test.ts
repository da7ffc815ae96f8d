import { describe, expect, it } from 'vitest'
import { createDayBudget } from '../../../src/guards/phone-codes/day-budget.ts'
import { asked, onBothStores, phone, type From } from '../../setup/phone-codes.ts'

const hourMs = 3_600_000

onBothStores((codesWorld) => {
  describe('guesses', () => {
    it('over all networks, browsers and logins get the tries of ten codes a day, and none beyond', async () => {
      const { codes, send } = await codesWorld({ YIDENG_SMS_ADDRESS_TEXTS: '100000' })
      let compared = 0
      for (let guess = 0; guess < 400; guess += 1) {
        const code = { ...asked, act: `login ${guess}`, browser: `b ${guess}` }
        const wait = await send(code, { address: `198.${guess % 200}.${guess % 7}.1` })
        if (wait) continue
        for (let tries = 0; tries < 8; tries += 1) if ((await codes.check(code, 'guess!')) === 'wrong') compared += 1
      }
      // the last try of a code says `over`, like those after it
      expect(compared).toBeLessThanOrEqual(4 * 10)
    })
  })

  describe('pumping', () => {
    const numbers = (many: number, from = 13_900_000_000) =>
      Array.from({ length: many }, (_, index) => `+86${from + index}`)
    const eachPrefix = (many: number) =>
      Array.from({ length: many }, (_, index) => `+86${13_900_000_000 + index * 20_000}`)
    const anywhere = (index: number): From => ({ address: `198.${index % 250}.${Math.floor(index / 250)}.7` })

    it('from many networks to many numbers stops at the budget, and alarms once', async () => {
      const { send, texts, entries } = await codesWorld({ YIDENG_SMS_DAY_BUDGET: '50' })
      const waits = []
      for (const [index, to] of eachPrefix(120).entries())
        waits.push(await send({ phone: to, act: `${index}` }, anywhere(index)))
      expect(texts).toHaveLength(40)
      expect(entries).toEqual([{ event: 'text.limit-reached', actor: 'system', details: { limit: 'budget' } }])
      expect(waits.at(-1)).toMatchObject({ by: 'budget' })
    })

    it('leaves the rest of the budget to browsers that accounts know', async () => {
      const { send, texts } = await codesWorld({ YIDENG_SMS_DAY_BUDGET: '50' })
      for (const [index, to] of eachPrefix(60).entries()) await send({ phone: to, act: `${index}` }, anywhere(index))
      expect(await send({ personId: 'anna' }, { browser: 'other' })).toMatchObject({ by: 'budget' })
      expect(await send({ personId: 'anna', act: 'hers' }, { browser: 'hers' })).toBeUndefined()
      expect(texts.at(-1)?.to).toBe(phone)
    })

    it('silences no text that tells an owner of a recovery or a change', async () => {
      const { send, inform, texts } = await codesWorld({ YIDENG_SMS_DAY_BUDGET: '50' })
      for (const [index, to] of eachPrefix(60).entries()) await send({ phone: to, act: `${index}` }, anywhere(index))
      await inform('informOfRecovery')
      await inform('informOfChange')
      expect(texts.slice(40).map((text) => [text.to, text.purpose, text.code])).toEqual([
        [phone, 'recover', ''],
        [phone, 'bind', ''],
      ])
    })

    it('of such texts themselves stops at their share', async () => {
      const { inform, texts, entries } = await codesWorld({ YIDENG_SMS_DAY_BUDGET: '50' })
      for (let many = 0; many < 20; many += 1) await inform('informOfChange')
      expect(texts).toHaveLength(10)
      expect(entries.map(({ details }) => details)).toEqual([{ limit: 'budget' }])
    })

    it('shows the same to numbers with and without an account', async () => {
      const { send } = await codesWorld({ YIDENG_SMS_DAY_BUDGET: '50' })
      for (const [index, to] of eachPrefix(60).entries()) await send({ phone: to, act: `${index}` }, anywhere(index))
      const known = await send({ phone: '+8613700000001', personId: 'anna' })
      const unknown = await send({ phone: '+8613600000001', deliver: false })
      expect(known).toEqual(unknown)
    })

    it('a higher budget counts at once', async () => {
      const { send, artifacts } = await codesWorld({ YIDENG_SMS_DAY_BUDGET: '5' })
      for (const [index, to] of eachPrefix(9).entries()) await send({ phone: to, act: `${index}` }, anywhere(index))
      expect(await createDayBudget(artifacts, 'stranger', 4).isUsed()).toBe(true)
      const raised = createDayBudget(artifacts, 'stranger', 6)
      expect(await raised.isUsed()).toBe(false)
      expect(await raised.take()).toEqual({ over: false, last: false })
      expect(await raised.take()).toEqual({ over: false, last: true })
      expect(await raised.take()).toEqual({ over: true, last: false })
    })

    it('of one range of numbers stops for this range, and alarms once', async () => {
      const { send, texts, entries } = await codesWorld()
      for (const [index, to] of numbers(150).entries()) await send({ phone: to, act: `${index}` }, anywhere(index))
      expect(texts).toHaveLength(100)
      expect(entries.map(({ details }) => details)).toEqual([{ limit: 'prefix' }])
      expect(await send({ phone: '+8613500000001' })).toBeUndefined()
    })

    it('of one country stops at a share of the budget', async () => {
      const { send, texts, entries } = await codesWorld({
        YIDENG_SMS_COUNTRIES: '86,852',
        YIDENG_SMS_DAY_BUDGET: '100',
      })
      for (let index = 0; index < 9; index += 1)
        await send({ phone: `+852${61_000_000 + index * 20_000}`, act: `${index}` }, anywhere(index))
      expect(texts).toHaveLength(5)
      expect(entries.map(({ details }) => details)).toEqual([{ limit: 'country' }])
    })

    it.each([
      ['one address', (index: number) => `192.0.2.${1 + (index % 1)}`, 60],
      ['an IPv4 /24', (index: number) => `192.0.2.${1 + (index % 200)}`, 480],
      ['an IPv6 /48', (index: number) => `2001:db8:1:${((index * 257) % 65_536).toString(16)}::1`, 960],
    ])('from %s stops for this network', async (_what, addressOf, most) => {
      const { send, texts } = await codesWorld()
      for (const [index, to] of eachPrefix(most + 20).entries())
        await send({ phone: to, act: `${index}` }, { address: addressOf(index) })
      expect(texts).toHaveLength(most)
      expect(await send({ phone: '+8613500000001' }, { address: '203.0.113.1' })).toBeUndefined()
    })

    it('of one number from one network leaves the number to others', async () => {
      const { send, texts } = await codesWorld()
      for (let index = 0; index < 12; index += 1) await send({ act: `${index}` }, { address: `192.0.2.${10 + index}` })
      expect(texts).toHaveLength(3)
      expect(await send({ act: 'hers' }, { address: '203.0.113.1' })).toBeUndefined()
      expect(texts).toHaveLength(4)
    })

    it('of one number leaves its owner texts in any browser, by the document number', async () => {
      const { send, texts, forward } = await codesWorld()
      for (let index = 0; index < 30; index += 1) await send({ act: `${index}` }, anywhere(index))
      for (let index = 0; index < 30; index += 1)
        await send({ act: `g ${index}`, document: `guess ${index % 3}`, deliver: false }, anywhere(index))
      const before = texts.length
      expect(await send({ act: 'hers' }, { address: '203.0.113.1' })).toMatchObject({ by: 'number' })
      const waits = []
      for (let many = 0; many < 8; many += 1) {
        waits.push(await send({ act: 'hers', document: '440' }, { address: '203.0.113.1' }))
        forward(60_000)
      }
      expect(waits.map((wait) => wait?.by)).toEqual([...Array.from({ length: 5 }), 'number', 'number', 'number'])
      expect(texts.slice(before).map(({ to }) => to)).toEqual(Array.from({ length: 5 }, () => phone))
    })

    it('of one range of numbers leaves an owner texts, by the document number', async () => {
      const { send } = await codesWorld()
      for (const [index, to] of numbers(150).entries()) await send({ phone: to, act: `${index}` }, anywhere(index))
      const [last = ''] = numbers(1, 13_900_000_149)
      expect(await send({ phone: last, act: 'hers' }, { address: '203.0.113.1' })).toMatchObject({ by: 'prefix' })
      const hers = { phone: last, act: 'hers', document: '440' }
      expect(await send(hers, { address: '203.0.113.1' })).toBeUndefined()
    })

    it('by the document number stops for this network, as without', async () => {
      const { send, texts } = await codesWorld()
      for (const [index, to] of eachPrefix(80).entries())
        await send({ phone: to, act: `${index}`, document: `${index}` }, { address: '192.0.2.1' })
      expect(texts).toHaveLength(60)
    })

    it('by an account to numbers that are not its own leaves the share of owners', async () => {
      const { send, inform, texts } = await codesWorld({ YIDENG_SMS_DAY_BUDGET: '50' })
      for (const [index, to] of eachPrefix(60).entries())
        await send(
          { phone: to, act: `${index}`, personId: 'anna', newNumber: true },
          { ...anywhere(index), browser: 'hers' },
        )
      expect(texts).toHaveLength(40)
      await inform('informOfRecovery')
      expect(texts).toHaveLength(41)
    })

    it('of one number leaves its owner a way, in a browser of an earlier sign-in', async () => {
      const { send, forward } = await codesWorld()
      for (let index = 0; index < 30; index += 1) {
        await send({ act: `${index}` }, anywhere(index))
        forward(hourMs / 2)
      }
      expect(await send({ personId: 'anna' }, { browser: 'other' })).toMatchObject({ by: 'number' })
      expect(await send({ personId: 'anna', act: 'hers' }, { browser: 'hers' })).toBeUndefined()
    })
  })
})
