import { createSecretKey, randomBytes } from 'node:crypto'
import { suites, type Suite } from '../src/config/suite.ts'
import { createBlindIndex } from '../src/keys/blind-index.ts'
import { createFieldCipher } from '../src/keys/field-cipher.ts'

/** What sealing, opening and indexing one field cost under each suite, in turns. `node bench/suites.ts` prints the ratios. */
const turns = 20
const calls = 5000
const text = '440300199003070020'
const aad = 'natural_persons.document_number:0b8f6f4e-6f0a-4d8e-9f57-2f2b1c0a9d11'

const workOf = (suite: Suite): Record<string, () => unknown> => {
  const key = { suite, key: createSecretKey(randomBytes(32)) }
  const cipher = createFieldCipher(
    () => ({ keys: { d1: key }, current: 'd1' }),
    () => undefined,
  )
  const index = createBlindIndex(key)
  const sealed = cipher.seal(text, aad)
  return { seal: () => cipher.seal(text, aad), open: () => cipher.open(sealed, aad), index: () => index('phone', text) }
}

const spent = new Map<string, number>()
for (let turn = 0; turn < turns; turn += 1)
  for (const suite of suites)
    for (const [what, work] of Object.entries(workOf(suite))) {
      const { user } = process.cpuUsage()
      for (let call = 0; call < calls; call += 1) work()
      const name = `${what} ${suite}`
      spent.set(name, (spent.get(name) ?? 0) + process.cpuUsage().user - user)
    }
for (const what of Object.keys(workOf('international'))) {
  const [usual = 1, guomi = 0] = suites.map((suite) => (spent.get(`${what} ${suite}`) ?? 0) / turns / calls)
  console.log(`${what}: ${usual.toFixed(1)} µs, guomi ${guomi.toFixed(1)} µs, ratio ${(guomi / usual).toFixed(2)}`)
}
