import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { command, iso, type Command, type Outcome } from '../command.ts'
import type { Desk } from '../desk.ts'

/** The ids only; the keys themselves are never read here. */
const dataKeyIds = z.object({ current: z.string(), keys: z.record(z.string(), z.unknown()) })

const signingKeys = async (desk: Desk) => (await import('./signing-key-states.ts')).signingKeyStates(desk)

const shownState = { signs: 'signs', waits: 'published, signs from', verifies: 'verifies, may go from' }

async function rotateSigning(desk: Desk, now: boolean): Promise<Outcome> {
  const waiting = (await signingKeys(desk)).filter(({ state }) => state === 'waits')
  if (waiting.length > 0 && !now) {
    const [first] = waiting
    const message = `New keys are waiting already; they sign from ${iso(first?.key.useFrom ?? 0)}. With --now more are made and sign at once.`
    return { ok: false, kind: 'failed', problems: [{ message }] }
  }
  const { addSigningKeys, overlapMs } = await import('../../keys/signing-keys.ts')
  const { audit, keysChanged } = await desk.house()
  const { keysDir } = await desk.settings()
  const useFrom = desk.clock() + (now ? 0 : overlapMs)
  const added = addSigningKeys(keysDir, desk.clock, useFrom)
  await keysChanged()
  await audit.record({ event: 'keys.rotated', actor: desk.actor, details: { kind: 'signing', keys: added, now } })
  const notes = [
    now
      ? 'Portals that keep the key set learn of these within a minute or a day; until then they refuse new tokens.'
      : 'Published now. The old ones verify until their last token has expired; then: npx yideng keys retire',
  ]
  return { ok: true, document: { added, sign_from: iso(useFrom) }, notes }
}

/** Servers that are not told follow the key file within a second; what they sealed until then is sealed anew as well. */
const settleMs = 2000

async function rotateData(desk: Desk, prepare: boolean): Promise<Outcome> {
  const { keysDir } = await desk.settings()
  const { addDataKey } = await import('../../keys/data-keys.ts')
  if (prepare) {
    const { keysChanged } = await desk.house()
    addDataKey(keysDir, { use: false })
    await keysChanged()
    const notes = ['Carry keys/data.json to every machine on this store, then: npx yideng keys rotate --kind data']
    return { ok: true, document: { prepared: true }, shown: [], notes }
  }
  const { reseal } = await import('../../keys/reseal.ts')
  const { database, dataKeys, audit, keysChanged } = await desk.house()
  const pass = () => reseal({ database, cipher: dataKeys.cipher, oldKeys: dataKeys.ids().old, progress: desk.progress })

  // what an interrupted run left is finished first
  const finished = dataKeys.ids().old.length > 0 ? await pass() : { done: 0, left: [] }
  const resumed = finished.done > 0
  if (!resumed) {
    addDataKey(keysDir, { use: true })
    dataKeys.refresh()
    await keysChanged()
    const details = { kind: 'data', keys: [dataKeys.ids().current] }
    await audit.record({ event: 'keys.rotated', actor: desk.actor, details })
  }
  const first = await pass()
  await new Promise((resolve) => setTimeout(resolve, settleMs))
  const last = await pass()
  const { current, old } = dataKeys.ids()
  const document = { current, old, resumed, sealed: finished.done + first.done + last.done, left: last.left }
  const notes = [
    'Back up keys/data.json now. Keep the old keys in it: running logins and backups of the store need them.',
  ]
  if (last.left.length === 0) return { ok: true, document, notes }
  return {
    ok: true,
    document,
    notes,
    fault: `${last.left.length} values could not be opened: ${last.left.slice(0, 5).join(', ')}`,
  }
}

export const keysCommands: Command[] = [
  command({
    noun: 'keys',
    verb: 'list',
    summary: 'list the signing keys and the data keys by id, never the keys themselves',
    fields: {},
    access: { role: 'viewer', about: 'house' },
    example: 'npx yideng keys list',
    async run(desk) {
      await desk.house()
      const { keysDir } = await desk.settings()
      const found = await signingKeys(desk)
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
      ]
      const shown = { columns: ['USE', 'KEY ID', 'ALGORITHM', 'CREATED', 'STATE'], rows }
      return { ok: true, document: { signing, data }, shown }
    },
  }),
  command({
    noun: 'keys',
    verb: 'export',
    summary: 'print the public halves of all signing keys, retired ones too, as a JSON Web Key Set for auditors',
    fields: {},
    access: { role: 'viewer', about: 'house' },
    example: 'npx yideng keys export > jwks.json',
    async run(desk) {
      const { keysDir } = await desk.settings()
      const { publicKeySet } = await import('../../keys/signing-keys.ts')
      const document = publicKeySet(keysDir, desk.clock)
      return { ok: true, document, shown: [JSON.stringify(document, null, 2)] }
    },
  }),
  command({
    noun: 'keys',
    verb: 'rotate',
    summary: 'make new keys; running servers follow at once',
    fields: {
      kind: {
        type: 'text',
        choices: ['signing', 'data'],
        default: 'signing',
        meaning:
          'signing: published at once, used after 24 hours; data: used at once, and all personal data is sealed anew',
      },
      now: { type: 'boolean', meaning: 'use them at once, because an old one may be in wrong hands' },
      prepare: {
        type: 'boolean',
        meaning: 'with several machines on one store: only make the data key, to be carried to each of them first',
      },
    },
    access: { role: 'admin', about: 'house' },
    example: 'npx yideng keys rotate',
    run: (desk, { kind, now, prepare }) => (kind === 'data' ? rotateData(desk, prepare) : rotateSigning(desk, now)),
  }),
  command({
    noun: 'keys',
    verb: 'retire',
    summary: 'take old signing keys out of use, once their last token has expired',
    fields: {
      id: {
        type: 'text',
        positional: true,
        placeholder: 'ID',
        meaning: 'id of a key; without it, all whose time has come',
      },
      now: { type: 'boolean', meaning: 'before its time, because it is in wrong hands: what it signed is refused' },
    },
    access: { role: 'admin', about: 'house' },
    example: 'npx yideng keys retire',
    async run(desk, { id, now }): Promise<Outcome> {
      const keys = await signingKeys(desk)
      const asked = id === undefined ? keys : keys.filter(({ key }) => key.kid === id)
      if (id !== undefined && asked.length === 0) {
        const message = `There is no signing key with the id ${JSON.stringify(id)}.`
        return { ok: false, kind: 'not_found', problems: [{ message }] }
      }
      const [one] = asked
      const refuse = (message: string): Outcome => ({ ok: false, kind: 'failed', problems: [{ message }] })
      if (id !== undefined && one?.state === 'signs')
        return refuse('This key signs. First: npx yideng keys rotate --now')
      if (now && id === undefined) return refuse('Name the key: which of them is in wrong hands?')
      const going = asked.filter(({ retirable }) => now || retirable).map(({ key }) => key.kid)
      if (id !== undefined && going.length === 0) {
        const when = one && Number.isFinite(one.retirableFrom) ? ` It may go from ${iso(one.retirableFrom)}.` : ''
        return refuse(`Tokens that it signed may still be used.${when} If it is in wrong hands: --now`)
      }
      if (going.length > 0) {
        const { retireSigningKeys } = await import('../../keys/signing-keys.ts')
        const { audit, settings, keysChanged } = await desk.house()
        retireSigningKeys(settings.keysDir, desk.clock, new Set(going))
        await keysChanged()
        await audit.record({ event: 'keys.retired', actor: desk.actor, details: { keys: going, now } })
      }
      return { ok: true, document: { retired: going }, notes: going.length > 0 ? [] : ['No key may go yet.'] }
    },
  }),
]
