import { expect, it } from 'vitest'
import { StoreUnavailable, storeSentence } from '../../src/storage/unavailable.ts'

const stores = {
  dataDir: 'data',
  databaseUrl: 'postgres://u:hunter2@db/d',
  redisUrls: 'redis://u:hunter2@cache',
}
const coded = (code: string, message: string) => Object.assign(new Error(message), { code })

/** Errors as PostgreSQL and Redis have them: by code (PostgreSQL, appendix A) and by the first word (RESP). */
const cases: [string, Error, RegExp][] = [
  ['a wrong password', coded('28P01', 'password authentication failed'), /^The setting YIDENG_DATABASE_URL .*password/],
  ['no such database', coded('3D000', 'database "d" does not exist'), /YIDENG_DATABASE_URL .*does not exist\.$/],
  ['no right', coded('42501', 'permission denied for table'), /YIDENG_DATABASE_URL .*permission denied/],
  ['a standby', coded('25006', 'cannot execute INSERT in a read-only transaction'), /DATABASE_URL .*read-only/],
  ['a full disk', coded('53100', 'could not extend file: No space left'), /DATABASE_URL .*No space left\.$/],
  ['too many connections', coded('53300', 'sorry, too many clients already'), /DATABASE_URL .*too many clients/],
  ['an unknown host', coded('ENOTFOUND', 'getaddrinfo ENOTFOUND db'), /^A store does not answer: look at /],
  ['a closed port', coded('ECONNREFUSED', 'connect ECONNREFUSED'), /^A store does not answer: look at /],
  [
    'a Sentinel',
    new Error("ERR unknown command 'GET', with args beginning with: 'x'"),
    /REDIS_URL leads to a Sentinel/,
  ],
  [
    'Sentinels that know no such master',
    new StoreUnavailable('Redis', new Error('no Sentinel knows a master of this name')),
    /REDIS_URL .*: no Sentinel knows a master of this name\.$/,
  ],
  ...['WRONGPASS', 'NOAUTH', 'NOPERM', 'READONLY', 'MASTERDOWN', 'LOADING', 'MOVED', 'MISCONF', 'OOM'].map(
    (word): [string, Error, RegExp] => [
      `Redis that answers ${word}`,
      new StoreUnavailable('Redis', new Error(`${word} with its reason.`)),
      new RegExp(`^The setting YIDENG_REDIS_URL .*: ${word} with its reason\\.$`),
    ],
  ),
]

it.each(cases)('one sentence tells of %s, with the setting and no address', (_, error, sentence) => {
  const told = storeSentence(error, stores)
  expect(told).toMatch(sentence)
  expect(told).not.toMatch(/hunter2|\n/)
})

it('no sentence is made for an error of ours', () => {
  expect(storeSentence(new TypeError('x is undefined'), stores)).toBeUndefined()
})
