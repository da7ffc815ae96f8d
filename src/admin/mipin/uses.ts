import type { Algorithm } from '../../config/algorithms.ts'
import { algorithmsOf } from '../../keys/suite.ts'
import { rowSealAlgorithms } from '../../keys/row-seal.ts'
import type { Use } from './clause.ts'
import type { Facts, TokenKeyFact } from './facts.ts'

/** The algorithm behind a name of a JSON Web Signature (RFC 7518, GM/T 0125). */
export const namedAlgorithm = (alg: string): readonly Algorithm[] => {
  if (alg === 'SGD_SM3_SM2') return ['SM2', 'SM3']
  return alg === 'RS256' ? ['RS256'] : ['ES256']
}

const isSm2 = ({ alg }: Pick<TokenKeyFact, 'alg'>) => alg === 'SGD_SM3_SM2'

/** Where the keys of an algorithm are, and who holds them. */
function holderOf(alg: string, { sm2Keys, keysDir }: Facts): Pick<Use, 'place' | 'held' | 'code'> {
  if (!isSm2({ alg })) return { place: `${keysDir}/signing.json`, held: 'software', code: ['src/keys/signing-keys.ts'] }
  return sm2Keys === 'svs'
    ? {
        place: 'the signature server of YIDENG_SVS',
        held: 'device',
        code: ['src/keys/guomi/svs/signature-server.ts', 'src/keys/guomi/sm2.ts'],
      }
    : {
        place: `${keysDir}/signing-sm2.json`,
        held: 'software',
        code: ['src/keys/guomi/sm2.ts', 'src/keys/guomi/sm2-keys.ts'],
      }
}

/** Tokens of portals, a use for each algorithm that a portal has. */
export const tokenUses = (facts: Facts): Use[] =>
  facts.portals.map(({ alg, portals }) => ({
    what: `portals whose tokens are signed: ${portals}`,
    algorithms: namedAlgorithm(alg),
    keys: facts.tokenKeys.filter((key) => key.alg === alg).map(({ kid }) => kid),
    ...holderOf(alg, facts),
    evidence: 'npx yideng client list --json',
  }))

/** Fields with personal data, and what finds them. */
export const sealedFields = ({ dataKey, keysDir }: Facts): Use => ({
  what: 'fields with personal data are encrypted, each bound to its row',
  algorithms: algorithmsOf[dataKey.suite].sealing,
  keys: [dataKey.id],
  place: `${keysDir}/data.json`,
  held: 'software',
  code: [
    'src/keys/field-cipher.ts',
    dataKey.suite === 'guomi' ? 'src/keys/guomi/sm4-hmac-sm3.ts' : 'src/keys/aes-gcm.ts',
  ],
  evidence: 'npx yideng keys list',
})

export const lookupIndexes = ({ indexKey, fixedKey, keysDir }: Facts): Use[] =>
  [
    { key: indexKey, what: 'accounts are found by a keyed hash of number, phone and name' },
    { key: fixedKey, what: 'registers, devices and recovery codes are found by a keyed hash' },
  ].map(({ key, what }) => ({
    what,
    algorithms: algorithmsOf[key.suite].indexing,
    keys: [key.id],
    place: `${keysDir}/data.json`,
    held: 'software',
    code: ['src/keys/blind-index.ts', 'src/keys/lookup-index.ts'],
    evidence: 'npx yideng keys list',
  }))

/** Names of tables as one word: a terminal translates words of a list. */
export const tableNames = (tables: readonly string[]): string => tables.join('/')

/** Rows that write access to the store cannot change unseen. */
export const sealedRows = ({ dataKey, keysDir }: Facts, tables: readonly string[]): Use[] =>
  tables.length === 0
    ? []
    : [
        {
          what: `rows of ${tableNames(tables)} have a sealed digest`,
          algorithms: rowSealAlgorithms(dataKey.suite),
          keys: [dataKey.id],
          place: `${keysDir}/data.json`,
          held: 'software',
          code: ['src/keys/row-seal.ts'],
          evidence: 'npx yideng doctor',
        },
      ]

export const auditChain = ({ audit }: Facts): Use => ({
  what: 'each entry of the audit log has the hash of the entry before it',
  algorithms: [audit.digest === 'sm3' ? 'SM3' : 'SHA-256'],
  keys: [],
  place: '',
  held: 'none',
  code: ['src/audit/chain.ts'],
  evidence: 'npx yideng audit verify',
})

/** The signatures over the audit log, by the algorithm of the newest. */
export const checkpoints = (facts: Facts): Use[] => {
  const { checkpoint } = facts.audit
  return checkpoint === undefined
    ? []
    : [
        {
          what: 'checkpoints sign the audit log',
          algorithms: namedAlgorithm(checkpoint.alg),
          keys: [checkpoint.kid],
          ...holderOf(checkpoint.alg, facts),
          code: ['src/audit/checkpoints.ts', ...holderOf(checkpoint.alg, facts).code],
          evidence: 'npx yideng audit verify',
        },
      ]
}

export const portalsWithout = (facts: Facts) =>
  facts.portals.filter((one) => !isSm2(one)).reduce((sum, { portals }) => sum + portals, 0)
