import { z } from 'zod'
import { signingKeyStates } from './signing-key-states.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { iso } from '../outcome.ts'
import type { Suite } from '../../config/suite.ts'
import type { DataKeys } from '../../keys/data-keys.ts'
import { readKeysInStore } from '../../keys/keys-in-store.ts'
import { cookieKeyStates } from './rotate-cookie-keys.ts'
import { command } from '../command.ts'

/** The ids of data.json; this command never reads the keys. */
const dataKeyIds = z.object({ current: z.string(), keys: z.record(z.string(), z.unknown()) })

const shownState = { signs: 'signs', waits: 'published, signs from', verifies: 'verifies, may go from' }

const sealing: Readonly<Record<Suite, string>> = { international: 'AES-256-GCM', guomi: 'SM4-CTR, HMAC-SM3' }
const indexing: Readonly<Record<Suite, string>> = { international: 'HMAC-SHA-256', guomi: 'HMAC-SM3' }

const suiteOf = (keys: DataKeys, id: string): Suite => keys.suiteOf(id) ?? 'international'

export default command({
  fields: {},
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng keys list',
  async run(context) {
    const { database, dataKeys } = await context.services()
    const { keysDir } = await context.settings()
    const found = await signingKeyStates(context)
    const signing = found.map(({ key, state, retirableFrom }) => ({
      kid: key.kid,
      alg: key.alg,
      created_at: key.createdAt,
      state,
      sign_from: iso(key.useFrom),
      ...(state === 'verifies' ? { retirable_from: iso(retirableFrom) } : {}),
    }))
    const { current, keys } = dataKeyIds.parse(JSON.parse(readFileSync(join(keysDir, 'data.json'), 'utf8')))
    const data = Object.keys(keys).map((kid) => ({ kid, current: kid === current, suite: suiteOf(dataKeys, kid) }))
    const [used, ...left] = (await readKeysInStore(database)).index
    const index = dataKeys.lookup.known().map((kid) => ({
      kid,
      current: kid === used,
      in_use: kid === used || left.includes(kid),
      suite: suiteOf(dataKeys, kid),
    }))
    const cookie = (await cookieKeyStates(context)).map((one) => ({
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
        sealing[key.suite],
        null,
        key.current ? 'seals new values' : 'opens old values',
      ]),
      ...index.map((key) => [
        'index',
        key.kid,
        indexing[key.suite],
        null,
        key.current ? 'accounts are found by it' : key.in_use ? 'accounts are still found by it' : 'not in use',
      ]),
      ...cookie.map((key) => {
        const when = key.state === 'signs' ? '' : ` ${key.retirable_from ?? key.use_from}`
        return ['cookie', key.kid, 'HMAC-SHA-256', null, `${shownState[key.state]}${when}`]
      }),
    ]
    const shown = { columns: ['USE', 'KEY ID', 'ALGORITHM', 'CREATED', 'STATE'], rows }
    return { ok: true, document: { signing, data, index, cookie }, shown }
  },
})
