import { DEFAULT_MIN_VERSION } from 'node:tls'
import type { Facts } from './facts.ts'

/**
 * `high`: present in this configuration. `judge`: the assessor decides. `absent`: not in this configuration. `elsewhere`: not the work
 * of this software.
 */
export type RiskState = 'high' | 'judge' | 'absent' | 'elsewhere'

export interface Risk {
  /** Of our own list: the guideline numbers its rows by layer. */
  id: string
  /** The condition, short. */
  condition: string
  state: RiskState
  /** Why. */
  finding: string
  /** A command that shows it; none for the work of others. */
  evidence?: string
}

type RiskRow = Pick<Risk, 'id' | 'condition' | 'evidence'> & {
  judged(facts: Facts): Pick<Risk, 'state' | 'finding'>
}

const doctor = 'npx yideng doctor'
const keysList = 'npx yideng keys list'
const elsewhere = (finding: string) => () => ({ state: 'elsewhere', finding }) as const

const leastRsaBits = 2048
const weakRsa = ({ tokenKeys }: Facts) => tokenKeys.filter(({ rsaBits = leastRsaBits }) => rsaBits < leastRsaBits)

const codesBySha1 = ({ proofs }: Facts) =>
  proofs.reduce((sum, { proof, people }) => sum + (proof.algorithms.includes('SHA-1') ? people : 0), 0)

/** The general rows of the 《信息系统密码应用高风险判定指引》 (2021-12): none of them can be mitigated. */
const general: readonly RiskRow[] = [
  {
    id: 'G1',
    condition: 'Algorithms that are broken or too weak: MD5, DES, SHA-1, RSA below 2048 bits',
    judged: (facts) => {
      const weak = weakRsa(facts).map(({ kid }) => kid)
      if (weak.length > 0) return { state: 'high', finding: `too short: ${weak.join(', ')}` }
      const oldCodes = codesBySha1(facts)
      if (oldCodes > 0) return { state: 'judge', finding: `people with dynamic codes by HMAC-SHA-1: ${oldCodes}` }
      if (facts.legacyHashes > 0)
        return {
          state: 'judge',
          finding: `imported password hashes, sealed or wrapped by argon2id until their person signs in: ${facts.legacyHashes}`,
        }
      return { state: 'absent', finding: 'no key and no stored hash is of such an algorithm' }
    },
    evidence: keysList,
  },
  {
    id: 'G2',
    condition: 'Algorithms of unknown safety, such as home-made ones',
    judged: () => ({ state: 'absent', finding: 'all algorithms are published; the list is in this report' }),
    evidence: 'npx yideng mipin report',
  },
  {
    id: 'G3',
    condition: 'Techniques with known faults: SSH 1.0, SSL 2.0, SSL 3.0, TLS 1.0',
    judged: () => ({
      state: 'judge',
      finding: `connections that this server opens begin at ${DEFAULT_MIN_VERSION}; the assessor looks at the gateway in front`,
    }),
    evidence: doctor,
  },
  {
    id: 'G4',
    condition: 'Protocols of unknown safety, such as home-made ones',
    judged: ({ legacyPortals }) => ({
      state: 'judge',
      finding: `OpenID Connect and WebAuthn are standards; login by QR code is our own, over HMAC; portals of old protocols: ${legacyPortals}`,
    }),
    evidence: 'npx yideng client legacy',
  },
  {
    id: 'G5',
    condition: 'A home-made product of cryptography without evidence of its safety (自实现)',
    judged: ({ sm2Keys, dataKey }) => {
      if (sm2Keys === 'software')
        return { state: 'high', finding: 'SM2 signs in software of this server: set YIDENG_SM2_KEYS=svs' }
      const finding = 'OpenSSL in Node.js encrypts stored data, and no certified product takes part'
      return { state: 'judge', finding: `${finding} (${dataKey.suite})` }
    },
    evidence: keysList,
  },
  {
    id: 'G6',
    condition: 'Products with severe holes, such as OpenSSL with Heartbleed',
    judged: () => ({
      state: 'judge',
      finding: `Node.js ${process.versions.node} with OpenSSL ${process.versions.openssl}: compare with their notices`,
    }),
    evidence: 'npx yideng --version',
  },
  {
    id: 'G7',
    condition: 'Products used against the conditions of their manual',
    judged: elsewhere('the operator shows how gateway and signature server are installed'),
  },
  {
    id: 'G8',
    condition: 'Providers of cryptographic services without a licence',
    judged: elsewhere('the operator shows the licences'),
  },
  {
    id: 'G9',
    condition: 'Faults in the management of keys',
    judged: ({ keysDir, sm2Keys }) => ({
      state: 'judge',
      finding:
        sm2Keys === 'svs'
          ? `the key of SM2 is in the device; the keys of stored data are in ${keysDir}, readable by one user only`
          : `all keys are in ${keysDir}, readable by one user only, and in no certified product`,
    }),
    evidence: doctor,
  },
]

/** Rows of the layers. Most can be mitigated, and the assessor decides. */
const ofLayers: readonly RiskRow[] = [
  {
    id: 'L1',
    condition: 'Physical: people enter important areas without authentication by cryptography',
    judged: elsewhere('the data centre shows its entrance system'),
  },
  {
    id: 'L2',
    condition: 'Network: communicating entities are not authenticated, or important data travels in the clear',
    judged: ({ issuer }) =>
      issuer.startsWith('https:')
        ? { state: 'judge', finding: 'the issuer is an https address; the assessor looks at the gateway in front' }
        : { state: 'high', finding: 'the issuer is no https address' },
    evidence: doctor,
  },
  {
    id: 'L3',
    condition: 'Devices: administrators of machines sign in without cryptography, or over an open channel',
    judged: elsewhere('the operator shows the bastion host'),
  },
  {
    id: 'L4',
    condition: 'Application: neither a dynamic code, nor a MAC, nor a signature authenticates those who sign in',
    judged: ({ unproven: { people, administrators } }) =>
      people > 0
        ? {
            state: 'high',
            finding: `people with a password or another system alone: ${people}, administrators among them: ${administrators}`,
          }
        : { state: 'absent', finding: 'nobody has only such a way; a new account may still choose a password' },
    evidence: 'npx yideng person list',
  },
  {
    id: 'L5',
    condition: 'Application: important data is not confidential on its way',
    judged: ({ issuer }) =>
      issuer.startsWith('https:')
        ? { state: 'judge', finding: 'the issuer is an https address; the assessor looks at the gateway in front' }
        : { state: 'high', finding: 'the issuer is no https address' },
    evidence: doctor,
  },
  {
    id: 'L6',
    condition: 'Application: important data is not confidential where it is stored',
    judged: ({ dataKey }) => ({
      state: 'absent',
      finding: `fields with personal data are encrypted under ${dataKey.id}`,
    }),
    evidence: keysList,
  },
  {
    id: 'L7',
    condition: 'Application: important data has no integrity where it is stored',
    judged: ({ audit }) => ({
      state: audit.checkpoint ? 'absent' : 'judge',
      finding: audit.checkpoint
        ? 'encrypted fields and the audit log show every change'
        : 'no checkpoint is signed yet: a server signs one a minute',
    }),
    evidence: 'npx yideng audit verify',
  },
  {
    id: 'L8',
    condition: 'Application: nobody can prove who did what the law may ask about',
    judged: ({ audit }) => ({
      state: 'judge',
      finding: audit.checkpoint
        ? `receipts are signed by ${audit.checkpoint.alg}; people sign mandates by passkey`
        : 'no checkpoint is signed yet: a server signs one a minute',
    }),
    evidence: 'npx yideng audit verify',
  },
  {
    id: 'L9',
    condition: 'Management: no rules for cryptography, no plan, or no assessment before operation',
    judged: elsewhere('the operator shows the documents of 8.5 to 8.8'),
  },
]

/** The high risks as this configuration has them. */
export const highRisks = (facts: Facts): Risk[] =>
  [...general, ...ofLayers].map(({ judged, ...row }) => ({ ...row, ...judged(facts) }))

/** Every row of the list, in its order. @internal */
export const highRiskIds: readonly string[] = [...general, ...ofLayers].map(({ id }) => id)
