import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSentinelAddress, sentinelAddress } from '../../src/config/sentinel-address.ts'

const read = (text: string) => {
  const address = sentinelAddress(text)
  return address && { sentinels: address.sentinels, name: address.name, redis: address.redisAt('10.0.0.9', 6379) }
}

describe('an address of Sentinels', () => {
  it.each([
    [
      'redis+sentinel://one:26379,two/mymaster',
      { sentinels: ['redis://one:26379', 'redis://two:26379'], name: 'mymaster', redis: 'redis://10.0.0.9:6379' },
    ],
    [
      'rediss+sentinel://yideng:s%40,cret@one:5000/yideng-1?sentinel_password=p%2Fw',
      {
        sentinels: ['rediss://:p%2Fw@one:5000'],
        name: 'yideng-1',
        redis: 'rediss://yideng:s%40,cret@10.0.0.9:6379',
      },
    ],
    [
      'redis+sentinel://[2001:db8::1]:26380/m?sentinel_user=watch&sentinel_password=x',
      { sentinels: ['redis://watch:x@[2001:db8::1]:26380'], name: 'm', redis: 'redis://10.0.0.9:6379' },
    ],
  ])('%s', (text, expected) => {
    expect(isSentinelAddress(text)).toBe(true)
    expect(read(text)).toEqual(expected)
  })

  it.each([
    'redis://one:26379/mymaster',
    'redis+sentinel://one:26379',
    'redis+sentinel://one:26379/',
    'redis+sentinel:///mymaster',
    'redis+sentinel://one,,two/mymaster',
    'redis+sentinel://one/my master',
    'redis+sentinel://one/mymaster?password=x',
    'redis+sentinel://one:port/mymaster',
    'http+sentinel://one/mymaster',
  ])('is not %s', (text) => {
    expect(sentinelAddress(text)).toBeUndefined()
  })

  it('gives the password of Redis to Redis alone, and that of the Sentinels to them alone', () => {
    const secret = fc.string({ minLength: 1, maxLength: 12 }).map((text) => `x${text}`)
    fc.assert(
      fc.property(secret, secret, (redis, sentinel) => {
        const text = `redis+sentinel://u:${encodeURIComponent(redis)}@one,two/m?sentinel_password=${encodeURIComponent(sentinel)}`
        const address = sentinelAddress(text)
        const passwordOf = (url: string) => decodeURIComponent(new URL(url).password)
        expect(address?.sentinels.map(passwordOf)).toEqual([sentinel, sentinel])
        expect(passwordOf(address?.redisAt('::1', 1) ?? '')).toBe(redis)
      }),
    )
  })
})
