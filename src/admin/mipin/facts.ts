import { createPublicKey } from 'node:crypto'
import { isAbsolute, relative } from 'node:path'
import { decodeProtectedHeader } from 'jose'
import { sql } from 'kysely'
import { countLegacyHashes } from '../../accounts/passwords/wrap-passwords.ts'
import { newestRoot } from '../../audit/roots.ts'
import { digestOf, digestOfHash, type Digest } from '../../audit/chain.ts'
import type { Client } from '../../clients/clients.ts'
import type { ProofOfPerson } from '../../config/algorithms.ts'
import type { Suite } from '../../config/suite.ts'
import { fixedIndex } from '../../keys/data-keys.ts'
import { readSvsFile } from '../../keys/guomi/svs/svs-file.ts'
import { readKeysInStore } from '../../keys/keys-in-store.ts'
import { sealedUnder, type SealedCount } from '../../keys/sealed-columns.ts'
import { loginMethods } from '../../login-methods.ts'
import type { Services } from '../../services.ts'
import { unhurried, type Database } from '../../storage/database.ts'
import { columnMarks } from '../../storage/schema.ts'
import type { CommandContext } from '../command-context.ts'
import { signingKeyStates } from '../keys/signing-key-states.ts'

/** A key that signs tokens. */
export interface TokenKeyFact {
  kid: string
  alg: string
  /** Bits of an RSA modulus. */
  rsaBits?: number | undefined
}

/** A key at rest, and the algorithms that it is for. */
export interface StoredKeyFact {
  id: string
  suite: Suite
}

/** What the report is made from: settings and store, read once. It holds no personal data and no secret. */
export interface Facts {
  issuer: string
  production: boolean
  /** The setting YIDENG_SUITE. */
  suite: Suite
  sm2Keys: 'none' | 'software' | 'svs'
  keysDir: string
  /** Devices behind YIDENG_SVS; 0 without a signature server. */
  devices: number
  tokenKeys: TokenKeyFact[]
  dataKey: StoredKeyFact
  indexKey: StoredKeyFact
  /** The index key that never rotates. */
  fixedKey: StoredKeyFact
  /** Values that a key of the other suite still seals. */
  otherSuite: SealedCount[]
  audit: { digest: Digest; begins: Digest | undefined; checkpoint: { alg: string; kid: string } | undefined }
  /** Portals by the algorithm of their tokens. */
  portals: { alg: string; portals: number }[]
  /** Portals of an old protocol, which signs nothing. */
  legacyPortals: number
  /** Tables whose rows have a sealed digest. */
  sealedTables: string[]
  /** The cryptography of login methods, each with the people who have an authenticator of it. */
  proofs: { method: string; opensAccounts: boolean; proof: ProofOfPerson; people: number }[]
  /** The setting YIDENG_TWO_FACTORS: people whose password alone reaches level 2 only. */
  twoFactors: readonly string[]
  /** People whose authenticators all prove nothing by cryptography. */
  unproven: { people: number; administrators: number }
  /** Imported hashes that no sign-in has replaced yet. */
  legacyHashes: number
  signedMandates: number
}

/** @throws SettingsError */
export async function readFacts(context: CommandContext): Promise<Facts> {
  const settings = await context.settings()
  const services = await context.services()
  const { database, clients } = services
  const { suite, sm2Keys, svsFile, issuer, production, keysDir } = settings
  const all = await clients.list()
  return {
    issuer,
    production,
    suite,
    sm2Keys,
    twoFactors: settings.twoFactors,
    keysDir: shownPath(keysDir),
    devices: sm2Keys === 'svs' ? readSvsFile(svsFile).addresses.length : 0,
    tokenKeys: await tokenKeys(context),
    ...(await storedKeys(services)),
    audit: await auditFacts(database, suite),
    portals: byAlgorithm(all.filter(({ legacy }) => legacy === undefined)),
    legacyPortals: all.filter(({ legacy }) => legacy !== undefined).length,
    sealedTables: Object.entries(columnMarks).flatMap(([table, columns]) => ('mac' in columns ? [table] : [])),
    ...(await people(database)),
  }
}

/** A path below the working directory as operators write it. */
const shownPath = (path: string) => {
  const below = relative(process.cwd(), path)
  return below.startsWith('..') || isAbsolute(below) ? path : below
}

async function tokenKeys(context: CommandContext): Promise<TokenKeyFact[]> {
  const states = await signingKeyStates(context)
  return states
    .filter(({ state }) => state === 'signs')
    .map(({ key }) => ({
      kid: key.kid,
      alg: key.alg,
      ...('privateKey' in key ? { rsaBits: createPublicKey(key.privateKey).asymmetricKeyDetails?.modulusLength } : {}),
    }))
}

async function storedKeys({ database, dataKeys }: Services) {
  const suiteOf = (id: string): Suite => dataKeys.suiteOf(id) ?? 'international'
  const { current, old } = dataKeys.ids()
  const [index] = (await readKeysInStore(database)).index
  const others = old.filter((id) => suiteOf(id) !== suiteOf(current))
  return {
    dataKey: { id: current, suite: suiteOf(current) },
    indexKey: { id: index, suite: suiteOf(index) },
    fixedKey: { id: fixedIndex, suite: suiteOf(fixedIndex) },
    otherSuite: others.length > 0 ? await sealedUnder(database, others) : [],
  }
}

/** A store of an older version has checkpoints of its one chain. */
const newestOfOneChain = (database: Database) =>
  database.selectFrom('audit_checkpoints').select('signed').orderBy('at', 'desc').limit(1).executeTakeFirst()

async function auditFacts(database: Database, suite: Suite): Promise<Facts['audit']> {
  const oldest = await database
    .selectFrom('audit_events')
    .select('hash')
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst()
  const newest = (await newestRoot(database)) ?? (await newestOfOneChain(database))
  const { alg, kid } = newest ? decodeProtectedHeader(newest.signed) : {}
  return {
    digest: digestOf(suite),
    begins: oldest && digestOfHash(oldest.hash),
    checkpoint: alg === undefined ? undefined : { alg, kid: kid ?? '' },
  }
}

function byAlgorithm(portals: readonly Client[]): Facts['portals'] {
  const algorithms = [...new Set(portals.map(({ id_token_alg: alg }) => alg))].toSorted()
  return algorithms.map((alg) => ({ alg, portals: portals.filter((one) => one.id_token_alg === alg).length }))
}

/** Kinds of authenticators that prove the person by cryptography of their own. */
const proving = loginMethods.filter(({ proofs }) => proofs.length > 0).map(({ name }) => name)

async function people(
  database: Database,
): Promise<Pick<Facts, 'proofs' | 'unproven' | 'legacyHashes' | 'signedMandates'>> {
  return unhurried(database, async (within) => ({
    proofs: await Promise.all(
      loginMethods.flatMap(({ name, opensAccounts, proofs }) =>
        proofs.map(async (proof: ProofOfPerson) => ({
          method: name,
          opensAccounts,
          proof,
          people: await peopleWith(within, name, proof),
        })),
      ),
    ),
    unproven: await unprovenPeople(within),
    legacyHashes: await countLegacyHashes(within),
    signedMandates: await countOf(within, sql`mandate_history WHERE signature IS NOT NULL`),
  }))
}

const peopleWith = (within: Database, method: string, { storedAs }: ProofOfPerson): Promise<number> => {
  const kind = sql`SELECT DISTINCT person_id FROM authenticators WHERE kind = ${method}`
  const ofKind = storedAs === undefined ? kind : sql`${kind} AND data LIKE ${`%${storedAs}%`}`
  return countOf(within, sql`(${ofKind}) AS people`)
}

/** People whose ways in, links to upstreams too, prove them by no cryptography of this server. */
async function unprovenPeople(within: Database): Promise<Facts['unproven']> {
  const opening = sql.join(loginMethods.filter(({ opensAccounts }) => opensAccounts).map(({ name }) => name))
  const entering = sql`SELECT person_id FROM authenticators WHERE kind IN (${opening})
    UNION SELECT person_id FROM upstream_links`
  const proven = sql`SELECT person_id FROM authenticators WHERE kind IN (${sql.join(proving)})`
  const unproven = sql`(SELECT person_id FROM (${entering}) AS entering WHERE person_id NOT IN (${proven})) AS unproven`
  const administering = sql`${unproven} WHERE person_id IN (SELECT person_id FROM administrators)`
  return { people: await countOf(within, unproven), administrators: await countOf(within, administering) }
}

async function countOf(within: Database, what: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await sql<{ many: number | string }>`SELECT count(*) AS many FROM ${what}`.execute(within)
  return Number(rows[0]?.many ?? 0)
}
