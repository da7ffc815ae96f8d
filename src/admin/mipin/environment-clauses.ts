import type { Clause } from './clause.ts'

const service = 'Cryptographic services are of a certified provider.'
const product = 'Cryptographic products reach level 2 of GB/T 37092.'
const shown = 'The operator shows the certificates.'

/** GB/T 39786-2021, 8.1 物理和环境安全: the work of the data centre. */
const physical: readonly Clause[] = [
  {
    id: '8.1 a',
    obligation: 'should',
    asks: 'People who enter important areas are authenticated by cryptography.',
    add: 'A certified electronic entrance system of the data centre (GM/T 0036).',
  },
  {
    id: '8.1 b',
    obligation: 'should',
    asks: 'Records of the entrance system keep their integrity.',
    add: 'The same entrance system, with HMAC-SM3 or SM2 over its records.',
  },
  {
    id: '8.1 c',
    obligation: 'should',
    asks: 'Records of video surveillance keep their integrity.',
    add: 'A certified video recorder, with HMAC-SM3 or SM2 over its records.',
  },
  { id: '8.1 d', obligation: 'must', asks: service, add: shown },
  { id: '8.1 e', obligation: 'must', asks: product, add: shown },
]

/** 8.2 网络和通信安全: the work of the gateway in front. */
const communication: readonly Clause[] = [
  {
    id: '8.2 a',
    obligation: 'must',
    asks: 'Communicating entities are authenticated by cryptography.',
    byProduct: true,
    gaps: ({ issuer }) => (issuer.startsWith('https:') ? [] : ['the issuer is no https address']),
    add: 'A certified TLCP gateway or IPSec VPN with a server certificate of SM2. This server does not see what ends TLS in front of it.',
  },
  {
    id: '8.2 b',
    obligation: 'should',
    asks: 'Data keeps its integrity during communication.',
    byProduct: true,
    add: 'The same gateway (HMAC-SM3, or SM4-GCM).',
  },
  {
    id: '8.2 c',
    obligation: 'must',
    asks: 'Important data is confidential during communication.',
    byProduct: true,
    gaps: ({ issuer }) => (issuer.startsWith('https:') ? [] : ['the issuer is no https address']),
    add: 'The same gateway (SM4), on every way: browsers, portals, administrators, database, signature server.',
  },
  {
    id: '8.2 d',
    obligation: 'should',
    asks: 'Access control information of the network boundary keeps its integrity.',
    add: 'The boundary device, with a certified product for its rules.',
  },
  {
    id: '8.2 e',
    obligation: 'may',
    asks: 'Devices that connect from outside are authenticated.',
    add: 'Network admission control, where devices from outside connect.',
  },
  { id: '8.2 f', obligation: 'must', asks: service, add: shown },
  { id: '8.2 g', obligation: 'must', asks: product, add: shown },
]

/** 8.3 设备和计算安全: the work of those who run the machines. */
const devices: readonly Clause[] = [
  {
    id: '8.3 a',
    obligation: 'must',
    asks: 'Users who sign in to devices are authenticated by cryptography.',
    add: 'A bastion host with certified UKeys, for machines, database and signature server.',
  },
  {
    id: '8.3 b',
    obligation: 'must',
    asks: 'Devices are managed remotely over a channel of cryptography.',
    add: 'The same bastion host over a certified VPN. Remote commands of yideng go through the gateway of 8.2.',
  },
  {
    id: '8.3 c',
    obligation: 'should',
    asks: 'Access control information of devices keeps its integrity.',
    add: 'The operating system of the machines, with a certified product.',
  },
  {
    id: '8.3 d',
    obligation: 'should',
    asks: 'Security labels of important resources in devices keep their integrity.',
    add: 'Not applicable without such labels.',
  },
  {
    id: '8.3 e',
    obligation: 'should',
    asks: 'Log records of devices keep their integrity.',
    add: 'A log server with a certified product. The audit log of this software is in 8.4 g.',
  },
  {
    id: '8.3 f',
    obligation: 'should',
    asks: 'Important programs keep their integrity, and their origin is verified.',
    add: 'Signatures of SM2 over the installed files. npm compares the packages with package-lock.json (SHA-512) when it installs them.',
  },
  { id: '8.3 g', obligation: 'must', asks: service, add: shown },
  { id: '8.3 h', obligation: 'must', asks: product, add: shown },
]

/** The clauses that this software leaves to others. */
export const environmentClauses = { physical, communication, devices }
