export type Environment = Record<string, string>

/** A start that is refused. */
export interface Case {
  what: string
  /** Changes of the environment for a case in this directory. */
  set: (at: string) => Environment
  /** What the sentence names: the setting, and a word of the reason. */
  says: [setting: string, reason: RegExp]
  /** Needs a user without root's rights. */
  asService?: boolean
}

/** Addresses, ports and stores that cannot be used. */
export const addresses: Case[] = [
  { what: 'an address that no card has', set: () => ({ HOST: '10.99.99.99' }), says: ['HOST', /no network card/] },
  {
    what: 'an IPv6 address that no card has',
    set: () => ({ HOST: '2001:db8::99' }),
    says: ['HOST', /no network card/],
  },
  {
    what: 'a name that has no address',
    set: () => ({ HOST: 'login.nowhere.invalid' }),
    says: ['HOST', /no address belongs to this name|name service/],
  },
  {
    what: 'a port that needs a right',
    set: () => ({ PORT: '80' }),
    says: ['PORT', /may not listen/],
    asService: true,
  },
  {
    what: 'a port out of range',
    set: () => ({ PORT: '65536' }),
    says: ['PORT', /between/],
  },
  {
    what: 'an issuer with the usual port of its scheme',
    set: () => ({ YIDENG_ISSUER: 'https://login.example.gov.cn:443' }),
    says: ['YIDENG_ISSUER', /as https:\/\/login\.example\.gov\.cn\.$/],
  },
  {
    what: 'a PostgreSQL that does not answer',
    set: () => ({ YIDENG_DATABASE_URL: 'postgres://yideng@127.0.0.1:1/yideng' }),
    says: ['YIDENG_DATABASE_URL', /does not answer/],
  },
  {
    what: 'a PostgreSQL whose name has no address',
    set: () => ({ YIDENG_DATABASE_URL: 'postgres://yideng@db.nowhere.invalid/yideng' }),
    says: ['YIDENG_DATABASE_URL', /does not answer/],
  },
  {
    what: 'a certificate of PostgreSQL that does not exist',
    set: () => ({
      YIDENG_DATABASE_URL: 'postgres://yideng@127.0.0.1/yideng?sslmode=verify-full&sslrootcert=/nowhere/ca',
    }),
    says: ['YIDENG_DATABASE_URL', /\/nowhere\/ca does not exist/],
  },
]
