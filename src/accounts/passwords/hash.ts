import argon2 from 'argon2'

/** argon2id (RFC 9106), second choice of OWASP's cheat sheet: m = 19 456 KiB, t = 2, p = 1; some 31 ms of one core. */
const parameters = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** So many are computed at once, so many may wait: beyond that the answer is "busy", not a server that stalls. */
const concurrent = 2
const mostWaiting = 64

/** Too many passwords at once; answered with 503 and Retry-After. */
export class PasswordsBusy extends Error {
  readonly code = 'busy'
}

export interface Passwords {
  hash(password: string): Promise<string>
  verify(hash: string, password: string): Promise<boolean>
  /** Takes the time of `verify` for an account that is not there. */
  verifyDecoy(password: string): Promise<void>
  /** True when the hash was made with weaker parameters than today's. */
  needsRehash(hash: string): boolean
}

/** Runs at most `concurrent` tasks at a time in order of arrival. @throws PasswordsBusy when too many wait */
export function createGate(limits = { concurrent, mostWaiting }) {
  let running = 0
  const waiting: (() => void)[] = []
  return async function pass<T>(task: () => Promise<T>): Promise<T> {
    if (running >= limits.concurrent) {
      if (waiting.length >= limits.mostWaiting) throw new PasswordsBusy('too many passwords at once')
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running += 1
    }
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}

export function createPasswords(): Passwords {
  const pass = createGate()
  let decoy: Promise<string> | undefined
  // the same password typed on two keyboards must be the same bytes
  const plain = (password: string) => password.normalize('NFKC')
  const hash = (password: string) => pass(() => argon2.hash(plain(password), parameters))
  const verify = (known: string, password: string) => pass(() => argon2.verify(known, plain(password)))
  return {
    hash,
    verify,
    async verifyDecoy(password) {
      decoy ??= argon2.hash('nobody has this password', parameters)
      await verify(await decoy, password)
    },
    needsRehash: (known) => argon2.needsRehash(known, parameters),
  }
}
