import { describe, expect, it } from 'vitest'
import { createHashGate } from '../../../src/accounts/passwords/hash-gate.ts'
import { createPasswords } from '../../../src/accounts/passwords/hash.ts'

const light = { memoryKiB: 1024, passes: 1, lanes: 1 }
const passwords = createPasswords({ parameters: light })

describe('password hashes', () => {
  it('are argon2id with the default parameters, each with its own salt', async () => {
    const real = createPasswords()
    const hash = await real.hash('Baiyun-Shan-2026')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(await real.hash('Baiyun-Shan-2026')).not.toBe(hash)
    expect(await real.verify(hash, 'Baiyun-Shan-2026')).toBe(true)
    expect(await real.verify(hash, 'baiyun-Shan-2026')).toBe(false)
  })

  it('accept the same password from every keyboard, and no other password', async () => {
    const hash = await passwords.hash('Ａbc-é-密码 1')
    expect(await passwords.verify(hash, 'Abc-e\u0301-密码\u30001')).toBe(true)
    expect(await passwords.verify(hash, 'Abc-é-密码 1\r\n')).toBe(true)
    expect(await passwords.verify(hash, 'abc-é-密码 1')).toBe(false)
    expect(await passwords.verify(hash, 'Abc-é-密码1')).toBe(false)
    expect(await passwords.verify(hash, '')).toBe(false)
  })

  it('need a rehash when the parameters change', async () => {
    const hash = await passwords.hash('Baiyun-Shan-2026')
    expect(passwords.needsRehash(hash)).toBe(false)
    for (const raised of [{ memoryKiB: 2048 }, { passes: 2 }, { lanes: 2 }]) {
      expect(createPasswords({ parameters: { ...light, ...raised } }).needsRehash(hash), JSON.stringify(raised)).toBe(
        true,
      )
    }
    expect(await createPasswords().verify(hash, 'Baiyun-Shan-2026')).toBe(true)
    expect(passwords.needsRehash(hash.replace('argon2id', 'argon2i'))).toBe(true)
  })

  it('in a wrong format are an error, not a wrong password', async () => {
    await expect(passwords.verify('not a hash', 'Baiyun-Shan-2026')).rejects.toThrow()
  })

  it('take the same time for an account that does not exist', async () => {
    const real = createPasswords()
    const hash = await real.hash('Baiyun-Shan-2026')
    const timed = async (call: () => Promise<unknown>) => {
      const start = process.cpuUsage()
      await call()
      return process.cpuUsage(start).user
    }
    // of the processor, alternating, the best of each: other work on the machine counts for neither
    const wrong: number[] = []
    const decoy: number[] = []
    for (let round = 0; round < 8; round += 1) {
      wrong.push(await timed(() => real.verify(hash, 'wrong password')))
      decoy.push(await timed(() => real.verifyDecoy('wrong password')))
    }
    const ratio = Math.min(...decoy) / Math.min(...wrong)
    expect(ratio).toBeGreaterThan(0.4)
    expect(ratio).toBeLessThan(2.5)
  })

  it('are all computed behind the gate', async () => {
    let passed = 0
    const gate = createHashGate({ concurrent: 1, waiting: { known: 0, quiet: 0, noisy: 0 } })
    const counted = createPasswords({ parameters: light, gate: (work) => gate(((passed += 1), work)) })
    const hash = await counted.hash('Baiyun-Shan-2026')
    await counted.verify(hash, 'Baiyun-Shan-2026')
    await counted.verifyDecoy('Baiyun-Shan-2026')
    expect(passed).toBe(3)
    const [first, second] = [counted.hash('one of two'), counted.verifyDecoy('two of two')]
    await expect(second).rejects.toMatchObject({ code: 'busy' })
    await first
  })
})
