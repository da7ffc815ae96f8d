import type { ProofOfPerson } from '../../config/algorithms.ts'
import { twoFactorGroups } from '../../config/settings/accounts.ts'
import type { Clause, Use } from './clause.ts'
import type { Facts } from './facts.ts'
import {
  auditChain,
  checkpoints,
  lookupIndexes,
  portalsWithout,
  sealedFields,
  sealedRows,
  tableNames,
  tokenUses,
} from './uses.ts'

const ways: Readonly<Record<ProofOfPerson['by'], string>> = {
  signature: 'a digital signature',
  mac: 'a message authentication code',
  'dynamic-code': 'a dynamic code',
}

/** The cryptography of login methods, as their declarations have it. */
const methodUses = ({ proofs }: Facts): Use[] =>
  proofs
    // a method without authenticators of people still has its own codes
    .filter(({ people, opensAccounts, proof: { by } }) => people > 0 || (by === 'mac' && !opensAccounts))
    .map(({ method, people, proof: { by, algorithms, code } }) => ({
      what: people > 0 ? `${method}: ${ways[by]}; people: ${people}` : `${method}: ${ways[by]}`,
      algorithms,
      keys: [],
      place: '',
      held: by === 'signature' ? ('person' as const) : ('software' as const),
      code: [code],
      evidence: 'npx yideng person list',
    }))

const oneFactorGap = ({ twoFactors }: Facts): string[] => {
  const others = twoFactorGroups.filter((group) => !twoFactors.includes(group))
  return others.length > 0 ? [`no second factor is required of: ${others.join(', ')} (YIDENG_TWO_FACTORS)`] : []
}

const unprovenGap = ({ unproven: { people, administrators } }: Facts): string[] =>
  people > 0 ? [`people without such a way to sign in: ${people}, administrators among them: ${administrators}`] : []

/** Tables that decide who may do what. */
const accessTables = ['clients', 'administrators', 'mandates']
const unsealed = ({ sealedTables }: Facts) => accessTables.filter((table) => !sealedTables.includes(table))

const otherSuiteGap = ({ otherSuite }: Facts): string[] =>
  otherSuite.length > 0
    ? [
        `values that other keys still seal: ${otherSuite.reduce((sum, { many }) => sum + many, 0)} (npx yideng keys reseal)`,
      ]
    : []

/** GB/T 39786-2021, 8.4 应用和数据安全: the work of this software. */
export const applicationClauses: readonly Clause[] = [
  {
    id: '8.4 a',
    obligation: 'must',
    asks: 'People who sign in are authenticated by cryptography.',
    uses: methodUses,
    gaps: (facts) => [...unprovenGap(facts), ...oneFactorGap(facts)],
    add: 'A certificate of a licensed CA in a certified UKey, or a certified dynamic code. Passkeys use foreign algorithms: the assessor decides whether they compensate.',
  },
  {
    id: '8.4 b',
    obligation: 'should',
    asks: 'Access control information of the application keeps its integrity.',
    uses: (facts) => sealedRows(facts, facts.sealedTables),
    gaps: (facts) =>
      unsealed(facts).length > 0 ? [`rows of ${tableNames(unsealed(facts))} have no integrity value`] : [],
    add: 'A certified product must hold the data key.',
  },
  {
    id: '8.4 c',
    obligation: 'should',
    asks: 'Security labels of important resources keep their integrity.',
    add: 'Not applicable: this software keeps no security labels.',
  },
  {
    id: '8.4 d',
    obligation: 'must',
    asks: 'Important data is confidential on its way.',
    byProduct: true,
    gaps: ({ issuer }) => (issuer.startsWith('https:') ? [] : ['the issuer is no https address']),
    add: 'A certified TLCP gateway in front of this server (ECDHE_SM4_CBC_SM3, or TLS_SM4_GCM_SM3 of RFC 8998): Node.js has no such cipher suite. Between this server, database and Redis: the same, or a closed network.',
  },
  {
    id: '8.4 e',
    obligation: 'must',
    asks: 'Important data is confidential where it is stored.',
    uses: (facts) => [sealedFields(facts)],
    gaps: otherSuiteGap,
    add: 'A certified product must hold the keys of data.json; here they are in a file with mode 0600. Copies of the store and of keys lie apart.',
  },
  {
    id: '8.4 f',
    obligation: 'should',
    asks: 'Important data keeps its integrity on its way.',
    uses: tokenUses,
    gaps: (facts) => [
      ...(facts.portals.length > 0 ? [] : ['no portal with OpenID Connect is registered yet']),
      ...(portalsWithout(facts) > 0 ? [`portals whose tokens have no SM2: ${portalsWithout(facts)}`] : []),
      ...(facts.legacyPortals > 0 ? [`portals of an old protocol, which signs nothing: ${facts.legacyPortals}`] : []),
    ],
    add: 'Register portals with --id-token-alg SGD_SM3_SM2, and let a certified signature server hold the key (YIDENG_SM2_KEYS=svs).',
  },
  {
    id: '8.4 g',
    obligation: 'should',
    asks: 'Important data keeps its integrity where it is stored.',
    uses: (facts) => [
      sealedFields(facts),
      ...lookupIndexes(facts),
      ...sealedRows(facts, facts.sealedTables),
      auditChain(facts),
      ...checkpoints(facts),
    ],
    gaps: ({ audit }) => [
      ...(audit.begins !== undefined && audit.begins !== audit.digest
        ? ['older entries of the audit log have another hash, and stay as they are']
        : []),
      ...(audit.checkpoint === undefined ? ['no checkpoint is signed yet: a server signs one a minute'] : []),
    ],
    add: 'A certified product must hold the keys. Keep the checkpoints on another machine as well.',
  },
  {
    id: '8.4 h',
    obligation: 'should',
    asks: 'Where the law may ask who did it: evidence of origin and of receipt.',
    uses: (facts) => [
      ...(facts.signedMandates > 0
        ? [
            {
              what: `acts about mandates with the signature of their person: ${facts.signedMandates}`,
              algorithms: ['ES256', 'EdDSA', 'RS256'],
              keys: [],
              place: '',
              held: 'person',
              code: ['src/accounts/mandates/signed.ts', 'src/login/text-signatures.ts'],
              evidence: 'npx yideng audit verify',
            } as const,
          ]
        : []),
      ...checkpoints(facts).map((use) => ({
        ...use,
        what: 'receipts prove that an entry is in the audit log',
        code: ['src/audit/receipts.ts', ...use.code],
      })),
    ],
    gaps: ({ audit }) => (audit.checkpoint?.alg === 'SGD_SM3_SM2' ? [] : ['receipts have no signature of SM2']),
    add: 'A certified time stamp server, and certificates of a licensed CA for those who sign.',
  },
  {
    id: '8.4 i',
    obligation: 'must',
    asks: 'Cryptographic services are of a certified provider.',
    add: 'The operator shows the certificate of each service, such as a CA or a time stamp service.',
  },
  {
    id: '8.4 j',
    obligation: 'must',
    asks: 'Cryptographic products reach level 2 of GB/T 37092.',
    uses: (facts) =>
      tokenUses(facts)
        .filter(({ held }) => held === 'device')
        .map((use) => ({
          ...use,
          what: `a signature server at ${facts.devices} addresses holds the key of tokens`,
          evidence: 'npx yideng doctor',
        })),
    gaps: () => ['the keys of stored data are in files of this server'],
    add: 'A signature server or cryptographic machine of level 2 or above. The operator shows its certificate: this software cannot check it.',
  },
]
