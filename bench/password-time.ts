import { randomInt } from 'node:crypto'
import { createPasswords } from '../src/accounts/passwords/hash.ts'

/**
 * Whether the time of a wrong password shows an imported account: each kind of stored hash against none, in random order.
 * `node bench/password-time.ts [rounds]` prints means, and the z of Welch's test; below 3 it shows nothing.
 */
const rounds = Number(process.argv[2] ?? 200)
const bcrypt = '$2a$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
const md5 = '$legacy$scheme=md5$$5f4dcc3b5aa765d61d8327deb882cf99'
const pbkdf2 = '$legacy$scheme=pbkdf2-sha1,iterations=4096$salt$4b007901b765489abead49d926f721d065a429c1'
const passwords = createPasswords({ legacyWork: async () => ({ bcrypt: 2 ** 10, sha1: 20_000 }) })
const cases: Record<string, () => Promise<unknown>> = { 'no account': () => passwords.verifyDecoy('wrong password') }
for (const [name, hash] of Object.entries({
  argon2id: await passwords.hash('another password'),
  'bare md5': md5,
  'wrapped md5': await passwords.wrap(md5),
  'wrapped pbkdf2-sha1': await passwords.wrap(pbkdf2),
  'bare bcrypt 10': bcrypt,
  'wrapped bcrypt 10': await passwords.wrap(bcrypt),
}))
  cases[name] = () => passwords.verify(hash, 'wrong password')

interface Sample {
  wall: number[]
  cpu: number[]
}
const samples = new Map<string, Sample>(Object.keys(cases).map((name) => [name, { wall: [], cpu: [] }]))
for (let round = 0; round < rounds; round += 1) {
  const order = Object.keys(cases).toSorted(() => randomInt(3) - 1)
  for (const name of order) {
    const cpu = process.cpuUsage()
    const began = performance.now()
    await cases[name]?.()
    const { user, system } = process.cpuUsage(cpu)
    samples.get(name)?.wall.push(performance.now() - began)
    samples.get(name)?.cpu.push((user + system) / 1000)
  }
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const variance = (values: number[]) => mean(values.map((value) => (value - mean(values)) ** 2))
const z = (one: number[], other: number[]) =>
  (mean(one) - mean(other)) / Math.sqrt(variance(one) / one.length + variance(other) / other.length)
const none = samples.get('no account') ?? { wall: [], cpu: [] }
for (const [name, { wall, cpu }] of samples)
  console.log(
    `${name.padEnd(20)} ${mean(wall).toFixed(1)} ms, z ${z(wall, none.wall).toFixed(2)};` +
      ` ${mean(cpu).toFixed(1)} ms of the processor, z ${z(cpu, none.cpu).toFixed(2)}`,
  )
