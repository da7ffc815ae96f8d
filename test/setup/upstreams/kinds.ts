import { residentId } from '../people.ts'
import { adapterRow, startAdapter, type Ours } from './adapter.ts'
import { casRow, startCas } from './cas.ts'
import { issuer, openUpstreams, ownSigner } from './open.ts'
import { startTif, tifRow, type FakePerson } from './tif.ts'

/** The kinds of old systems, with the endpoints that the server itself asks. */
export const oldKinds = {
  tif: ['access_token', 'tokeninfo'],
  'cas-json': ['serviceValidate'],
  'cas-xml': ['serviceValidate'],
  adapter: [],
} as const

export type OldKind = keyof typeof oldKinds

export const everyOldKind = Object.keys(oldKinds) as OldKind[]

export const anna: FakePerson = {
  subject: 'U-7f3a_Anna',
  name: '欧阳小龙',
  number: residentId('44060119900307663'),
  phone: '13800138000',
  level: 'L2',
}
export const bert: FakePerson = { ...anna, subject: 'u-7f3a_anna', name: '李四', phone: '13900139000', level: 'L1' }

/** One system of each kind, and the upstreams that lead to them; `given` is a server, where there is one. */
export async function startOldSystems(given?: Ours) {
  const signer = ownSigner()
  const [tif, cas, adapter] = await Promise.all([
    startTif(),
    startCas(),
    startAdapter(given ?? { issuer, keySet: signer.keySet }),
  ])
  const rows = {
    tif: tifRow(tif),
    'cas-json': casRow(cas, 'json'),
    'cas-xml': casRow(cas, 'xml'),
    adapter: adapterRow(adapter),
  }
  const keys = { 'tif-secret': 'tif-secret', 'adapter-public': adapter.publicJwk }
  const systems = { tif, 'cas-json': cas, 'cas-xml': cas, adapter }

  return {
    rows,
    keys,
    systems,
    adapter,
    /** The client of a kind; `other` changes its row. */
    client(kind: OldKind, other: object = {}, opening: Parameters<typeof openUpstreams>[1] = {}) {
      const row = { ...rows[kind], ...other }
      const client = openUpstreams([row], { keys, sign: signer.sign, ...opening }).client(row.id)
      if (!client) throw new Error(`no client for ${kind}`)
      return client
    },
    asksAgain: cas.asksAgain,
    visitedBy(person: FakePerson | undefined) {
      for (const system of [tif, cas, adapter]) system.visitedBy(person)
    },
    well() {
      for (const system of [tif, cas, adapter]) system.well()
    },
  }
}

export type OldSystems = Awaited<ReturnType<typeof startOldSystems>>
