import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { command, type Command } from './command.ts'

/** The ids only; the keys themselves are never read here. */
const dataKeyIds = z.object({ current: z.string(), keys: z.record(z.string(), z.unknown()) })

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
      const { openSigningKeys } = await import('../keys/signing-keys.ts')
      const signing = openSigningKeys(keysDir, desk.clock).map(({ kid, alg, createdAt }) => ({
        kid,
        alg,
        created_at: createdAt,
      }))
      const { current, keys } = dataKeyIds.parse(JSON.parse(readFileSync(join(keysDir, 'data.json'), 'utf8')))
      const data = Object.keys(keys).map((kid) => ({ kid, current: kid === current }))
      const rows = [
        ...signing.map((key) => ['signing', key.kid, key.alg, key.created_at, 'published']),
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
]
