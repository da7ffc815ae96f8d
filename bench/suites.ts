import { createSecretKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { suites, type Suite } from '../src/config/suite.ts'
import { createBlindIndex } from '../src/keys/blind-index.ts'
import { createFieldCipher } from '../src/keys/field-cipher.ts'
import { generateSm2Key, sm2Signer } from '../src/keys/guomi/sm2.ts'

/** What sealing, opening and indexing one field, and signing an ID token, cost under each suite, in turns. `node bench/suites.ts` prints the ratios. */
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

const token = randomBytes(600)
const es256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const sm2 = sm2Signer(generateSm2Key())
const signers: Record<string, () => unknown> = {
  ES256: () => sign('sha256', token, { key: es256, dsaEncoding: 'ieee-p1363' }),
  SM2: () => sm2.sign(token),
}
const signatures = 200
const signing = new Map<string, number>()
for (let turn = 0; turn < turns; turn += 1)
  for (const [name, signToken] of Object.entries(signers)) {
    const { user } = process.cpuUsage()
    for (let call = 0; call < signatures; call += 1) await signToken()
    signing.set(name, (signing.get(name) ?? 0) + process.cpuUsage().user - user)
  }
for (const [name, total] of signing) console.log(`sign ${name}: ${(total / turns / signatures / 1000).toFixed(3)} ms`)
