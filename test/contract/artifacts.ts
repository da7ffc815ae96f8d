import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/config/clock.ts'
import type { Artifacts } from '../../src/storage/artifacts.ts'
import { handClock } from '../setup/temporary.ts'

/** Tests for every artifact store. `open` returns two handles on one store, like two processes. */
export function artifactsContract(
  name: string,
  open: (clock: Clock) => Promise<{ one: Artifacts; other: Artifacts }>,
): void {
  const opened = async () => {
    const { clock, forward } = handClock()
    return { ...(await open(clock)), forward }
  }

  describe(`artifacts: ${name}`, () => {
    it('returns a stored value to every process', async () => {
      const { one, other } = await opened()
      await one.put('code', 'a', 'value', { ttl: 60 })
      expect(await one.get('code', 'a')).toBe('value')
      expect(await other.get('code', 'a')).toBe('value')
      expect(await other.get('token', 'a')).toBeUndefined()
    })

    it('replaces value, alias and group', async () => {
      const { one } = await opened()
      await one.put('session', 'a', 'first', { ttl: 60, alias: 'x', group: 'g' })
      await one.put('session', 'a', 'second', { ttl: 60, alias: 'y', group: 'h' })
      expect(await one.getByAlias('session', 'x')).toBeUndefined()
      expect(await one.getByAlias('session', 'y')).toEqual({ id: 'a', value: 'second' })
      await one.removeGroup('session', 'g')
      expect(await one.get('session', 'a')).toBe('second')
      await one.removeGroup('session', 'h')
      expect(await one.get('session', 'a')).toBeUndefined()
    })

    it('finds a value by an alias of another process', async () => {
      const { one, other } = await opened()
      await one.put('session', 'a', 'first', { ttl: 60, alias: 'x' })
      expect(await one.getByAlias('session', 'x')).toEqual({ id: 'a', value: 'first' })
      await other.remove('session', 'a')
      await other.put('session', 'b', 'second', { ttl: 60, alias: 'x' })
      expect(await one.getByAlias('session', 'x')).toEqual({ id: 'b', value: 'second' })
      await other.put('session', 'b', 'third', { ttl: 60, alias: 'y' })
      expect(await one.getByAlias('session', 'x')).toBeUndefined()
    })

    it('lists the live values of a group', async () => {
      const { one, other, forward } = await opened()
      await one.put('session', 'a', 'first', { ttl: 60, group: 'g' })
      await one.put('session', 'b', 'second', { ttl: 120, group: 'g' })
      await one.put('session', 'c', 'third', { ttl: 120, group: 'h' })
      await one.put('code', 'd', 'fourth', { ttl: 120, group: 'g' })
      const listed = await other.listGroup('session', 'g')
      expect(listed.sort((left, right) => left.id.localeCompare(right.id))).toEqual([
        { id: 'a', value: 'first' },
        { id: 'b', value: 'second' },
      ])
      forward(60_000)
      expect(await other.listGroup('session', 'g')).toEqual([{ id: 'b', value: 'second' }])
    })

    it('never returns an expired value', async () => {
      const { one, forward } = await opened()
      await one.put('code', 'a', 'value', { ttl: 60, alias: 'x' })
      forward(59_999)
      expect(await one.get('code', 'a')).toBe('value')
      forward(1)
      expect(await one.get('code', 'a')).toBeUndefined()
      expect(await one.getByAlias('code', 'x')).toBeUndefined()
      expect(await one.take('code', 'a')).toBeUndefined()
      expect(await one.compareAndSet('code', 'a', 'value', 'other')).toBe(false)
    })

    it('only one of many takes succeeds', async () => {
      const { one, other } = await opened()
      await one.put('code', 'a', 'value', { ttl: 60 })
      const takers = Array.from({ length: 20 }, (_, index) => (index % 2 ? one : other).take('code', 'a'))
      expect((await Promise.all(takers)).filter((value) => value !== undefined)).toEqual(['value'])
    })

    it('only one of many adds succeeds', async () => {
      const { one, other } = await opened()
      const added = Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? one : other).add('nonce', 'a', String(index), { ttl: 60, alias: `alias ${index}`, group: 'g' }),
      )
      const first = (await Promise.all(added)).indexOf(true)
      expect((await Promise.all(added)).filter(Boolean)).toHaveLength(1)
      expect(await one.getByAlias('nonce', `alias ${first}`)).toEqual({ id: 'a', value: String(first) })
      expect(await one.getByAlias('nonce', `alias ${(first + 1) % 20}`)).toBeUndefined()
      expect(await other.listGroup('nonce', 'g')).toEqual([{ id: 'a', value: String(first) }])
    })

    it('only one of many changes of a value succeeds', async () => {
      const { one, other } = await opened()
      await one.put('qr', 'a', 'created', { ttl: 60 })
      const changes = Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? one : other).compareAndSet('qr', 'a', 'created', `scanned ${index}`),
      )
      expect((await Promise.all(changes)).filter(Boolean)).toHaveLength(1)
      expect(await one.compareAndSet('qr', 'unknown', 'created', 'scanned')).toBe(false)
    })

    it('a change keeps the time to live, unless it sets a new one', async () => {
      const { one, forward } = await opened()
      await one.put('qr', 'a', '1', { ttl: 60 })
      await one.put('qr', 'b', '1', { ttl: 60 })
      forward(30_000)
      await one.compareAndSet('qr', 'a', '1', '2')
      await one.compareAndSet('qr', 'b', '1', '2', 60)
      forward(30_000)
      expect(await one.get('qr', 'a')).toBeUndefined()
      expect(await one.get('qr', 'b')).toBe('2')
    })

    it('a change keeps alias and group for the new time to live', async () => {
      const { one, other, forward } = await opened()
      await one.put('session', 'a', '{"a":"]\n"}', { ttl: 60, alias: 'x', group: 'g' })
      expect(await other.compareAndSet('session', 'a', '{"a":"]\n"}', '2', 120)).toBe(true)
      forward(90_000)
      await one.put('session', 'b', '3', { ttl: 60, group: 'g' })
      expect(await one.getByAlias('session', 'x')).toEqual({ id: 'a', value: '2' })
      expect((await one.listGroup('session', 'g')).map(({ id }) => id).sort()).toEqual(['a', 'b'])
      expect(await one.compareAndSet('session', 'a', '2', '3')).toBe(true)
      await other.removeGroup('session', 'g')
      expect(await one.get('session', 'a')).toBeUndefined()
      expect(await one.getByAlias('session', 'x')).toBeUndefined()
    })

    it('ends a group including its last write', async () => {
      const { one, other } = await opened()
      await one.put('token', 'a', '1', { ttl: 60, group: 'g' })
      await one.removeGroup('token', 'g')
      await other.put('token', 'a', '2', { ttl: 60, group: 'g' })
      await other.put('token', 'b"]', '1', { ttl: 60, group: 'g"]\n' })
      await one.removeGroup('token', 'g')
      expect(await one.get('token', 'a')).toBeUndefined()
      expect(await other.get('token', 'b"]')).toBe('1')
      expect(await other.listGroup('token', 'g')).toEqual([])
      await one.removeGroup('token', 'g"]\n')
      expect(await other.get('token', 'b"]')).toBeUndefined()
    })

    it('adds only if there is no live value', async () => {
      const { one, other, forward } = await opened()
      expect(await one.add('nonce', 'a', '1', { ttl: 60 })).toBe(true)
      expect(await other.add('nonce', 'a', '2', { ttl: 60 })).toBe(false)
      expect(await one.get('nonce', 'a')).toBe('1')
      forward(60_000)
      expect(await other.add('nonce', 'a', '3', { ttl: 60 })).toBe(true)
      expect(await one.get('nonce', 'a')).toBe('3')
    })

    it('counts without loss, and restarts when the window is over', async () => {
      const { one, other, forward } = await opened()
      await Promise.all(Array.from({ length: 50 }, (_, index) => (index % 2 ? one : other).increment('limit', 'a', 60)))
      forward(30_000)
      const { count, expiresAt } = await one.increment('limit', 'a', 60)
      expect(count).toBe(51)
      forward(30_000)
      const again = await one.increment('limit', 'a', 60)
      expect(again.count).toBe(1)
      expect(again.expiresAt).toBe(expiresAt + 60_000)
    })

    it('removes one, and finishes sweeping expired values', async () => {
      const { one, forward } = await opened()
      await one.put('code', 'a', '1', { ttl: 60 })
      await one.put('code', 'b', '1', { ttl: 10 })
      await one.remove('code', 'a')
      expect(await one.get('code', 'a')).toBeUndefined()
      forward(10_000)
      await one.sweep()
      expect(await one.sweep()).toBe(0)
      expect(await one.get('code', 'b')).toBeUndefined()
    })
  })
}
