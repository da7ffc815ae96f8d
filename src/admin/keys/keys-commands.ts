import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { command, iso, type Command } from '../command.ts'
import { readKeysInStore } from '../../keys/keys-in-store.ts'
import type { CommandContext } from '../command-context.ts'

/** The ids only; the keys themselves are never read here. */
const dataKeyIds = z.object({ current: z.string(), keys: z.record(z.string(), z.unknown()) })

const signingKeys = async (context: CommandContext) =>
  (await import('./signing-key-states.ts')).signingKeyStates(context)

const shownState = { signs: 'signs', waits: 'published, signs from', verifies: 'verifies, may go from' }

export const keysCommands: Command[] = [
  command({
    noun: 'keys',
    verb: 'list',
    summary: 'list the signing, data, index and cookie keys by id, never the keys themselves',
    fields: {},
    access: { role: 'viewer', about: 'system' },
    example: 'npx yideng keys list',
    async run(context) {
      const { database, dataKeys } = await context.services()
      const { keysDir } = await context.settings()
      const found = await signingKeys(context)
      const signing = found.map(({ key, state, retirableFrom }) => ({
        kid: key.kid,
        alg: key.alg,
        created_at: key.createdAt,
        state,
        sign_from: iso(key.useFrom),
        ...(state === 'verifies' ? { retirable_from: iso(retirableFrom) } : {}),
      }))
      const { current, keys } = dataKeyIds.parse(JSON.parse(readFileSync(join(keysDir, 'data.json'), 'utf8')))
      const data = Object.keys(keys).map((kid) => ({ kid, current: kid === current }))
      const [used, ...left] = (await readKeysInStore(database)).index
      const index = dataKeys.lookup
        .known()
        .map((kid) => ({ kid, current: kid === used, in_use: kid === used || left.includes(kid) }))
      const cookie = (await (await import('./cookie-keys.ts')).cookieKeyStates(context)).map((one) => ({
        kid: one.key.id,
        state: one.state,
        ...(one.key.usedFrom === undefined ? {} : { use_from: iso(one.key.usedFrom) }),
        ...(one.state === 'verifies' ? { retirable_from: iso(one.retirableFrom) } : {}),
      }))
      const rows = [
        ...signing.map((key) => {
          const when = key.state === 'signs' ? '' : ` ${key.retirable_from ?? key.sign_from}`
          return ['signing', key.kid, key.alg, key.created_at, `${shownState[key.state]}${when}`]
        }),
        ...data.map((key) => [
          'data',
          key.kid,
          'AES-256-GCM',
          null,
          key.current ? 'seals what is new' : 'opens what is old',
        ]),
        ...index.map((key) => [
          'index',
          key.kid,
          'HMAC-SHA-256',
          null,
          key.current ? 'accounts are found by it' : key.in_use ? 'accounts are found by it still' : 'not in use',
        ]),
        ...cookie.map((key) => {
          const when = key.state === 'signs' ? '' : ` ${key.retirable_from ?? key.use_from}`
          return ['cookie', key.kid, 'HMAC-SHA-256', null, `${shownState[key.state]}${when}`]
        }),
      ]
      const shown = { columns: ['USE', 'KEY ID', 'ALGORITHM', 'CREATED', 'STATE'], rows }
      return { ok: true, document: { signing, data, index, cookie }, shown }
    },
  }),
  command({
    noun: 'keys',
    verb: 'export',
    summary: 'print the public halves of all signing keys, retired ones too, as a JSON Web Key Set for auditors',
    fields: {},
    access: { role: 'viewer', about: 'system' },
    example: 'npx yideng keys export > jwks.json',
    async run(context) {
      const { keysDir } = await context.settings()
      const { publicKeySet } = await import('../../keys/signing-keys.ts')
      const document = publicKeySet(keysDir, context.clock)
      return { ok: true, document, shown: JSON.stringify(document, null, 2).split('\n') }
    },
  }),
  command({
    noun: 'keys',
    verb: 'rotate',
    summary: 'make new keys; running servers follow at once',
    fields: {
      kind: {
        type: 'text',
        choices: ['signing', 'data', 'index', 'cookie'],
        default: 'signing',
        meaning:
          'signing: published at once, used after 24 hours; data: all personal data is sealed anew; index: what accounts are found by is made anew; cookie: forms and QR codes, accepted at once and used after a minute',
      },
      now: { type: 'boolean', meaning: 'use them at once, because an old one may be in wrong hands' },
      prepare: {
        type: 'boolean',
        meaning:
          'with several machines on one store: only make the data or index key, to be carried to each of them first',
      },
    },
    access: { role: 'admin', about: 'system' },
    example: 'npx yideng keys rotate',
    async run(context, { kind, now, prepare }) {
      const rotate = await import('./rotate.ts')
      if (kind === 'cookie') return (await import('./cookie-keys.ts')).rotateCookie(context, now)
      if (kind === 'signing') return rotate.rotateSigning(context, now)
      const one = kind === 'data' ? 'data' : 'index'
      if (prepare) return rotate.prepare(context, one)
      return one === 'data' ? rotate.rotateData(context) : rotate.rotateIndex(context)
    },
  }),
  command({
    noun: 'keys',
    verb: 'retire',
    summary: 'take old keys out of use, once nothing needs them any more',
    fields: {
      kind: {
        type: 'text',
        choices: ['signing', 'data', 'index', 'cookie'],
        default: 'signing',
        meaning: 'data and index keys are forgotten for good: refused while anything stands under them',
      },
      id: {
        type: 'text',
        positional: true,
        placeholder: 'ID',
        meaning: 'id of a key; without it, all whose time has come',
      },
      now: {
        type: 'boolean',
        meaning: 'a signing or cookie key before its time, because it is in wrong hands: what it signed is refused',
      },
    },
    access: { role: 'admin', about: 'system' },
    example: 'npx yideng keys retire',
    run: async (context, { id, kind, now }) => (await import('./retire.ts')).retire(context, kind, id, now),
  }),
  command({
    noun: 'keys',
    verb: 'seal',
    summary: 'vouch for passwords and passkeys that have no seal, after restoring a backup of an older version',
    fields: {},
    access: { local: 'it lets people sign in by rows that nothing else vouches for' },
    example: 'npx yideng keys seal',
    run: async (context) => (await import('./seal.ts')).sealNow(context),
  }),
]
