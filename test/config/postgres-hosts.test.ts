import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mustAcceptWrites, postgresHosts, sessionAttributeFault } from '../../src/config/postgres-hosts.ts'

describe('an address of PostgreSQL with several hosts', () => {
  it.each([
    ['postgres://db/yideng', ['postgres://db/yideng']],
    [
      'postgres://u:p@one:5432,two:5433/yideng?target_session_attrs=read-write',
      ['postgres://u:p@one:5432/yideng', 'postgres://u:p@two:5433/yideng'],
    ],
    [
      'postgresql://u:a,b%40c@one,[2001:db8::1]:6432/d?sslmode=verify-full&target_session_attrs=primary&sslrootcert=/ca.pem',
      [
        'postgresql://u:a,b%40c@one/d?sslmode=verify-full&sslrootcert=/ca.pem',
        'postgresql://u:a,b%40c@[2001:db8::1]:6432/d?sslmode=verify-full&sslrootcert=/ca.pem',
      ],
    ],
    ['postgres://one,two', ['postgres://one', 'postgres://two']],
  ])('%s', (url, each) => {
    expect(postgresHosts(url)).toEqual(each)
  })

  it.each(['', 'postgres:', 'postgres://', 'postgres:///d', 'postgres://one,/d', 'postgres://,two/d', 'mysql://one/d'])(
    'is not %s',
    (url) => {
      expect(postgresHosts(url)).toBeUndefined()
    },
  )

  it('has each host once, with user, password, database and parameters as they were', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
    const secret = fc.string({ minLength: 1, maxLength: 12 }).map(encodeURIComponent)
    const host = fc.tuple(word, fc.option(fc.integer({ min: 1, max: 65_535 })))
    const hosts = fc.array(host, { minLength: 1, maxLength: 5 })
    const attribute = fc.constantFrom('', '?target_session_attrs=read-write', '?target_session_attrs=primary')
    fc.assert(
      fc.property(word, secret, hosts, word, attribute, (user, password, names, database, query) => {
        const listed = names.map(([name, port]) => (port === null ? name : `${name}:${port}`))
        const url = `postgres://${user}:${password}@${listed.join(',')}/${database}${query}`
        const expected = listed.map((name) => `postgres://${user}:${password}@${name}/${database}`)
        expect(postgresHosts(url)).toEqual(expected)
        expect(mustAcceptWrites(url)).toBe(names.length > 1 || query !== '')
        expect(sessionAttributeFault(url)).toBeUndefined()
      }),
    )
  })

  it.each(['any', 'standby', 'read-only', 'prefer-standby', '', 'read-write&target_session_attrs=primary'])(
    'may not ask for sessions that are %s: a server writes',
    (attribute) => {
      expect(sessionAttributeFault(`postgres://one,two/d?target_session_attrs=${attribute}`)).toMatch(/read-write/)
    },
  )

  it('asks no single host whether it writes', () => {
    expect(mustAcceptWrites('postgres://one/d')).toBe(false)
  })
})
