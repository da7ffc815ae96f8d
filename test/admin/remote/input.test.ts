import { expect, it } from 'vitest'
import { allCommands } from '../../../src/admin/commands.ts'
import { command } from '../../../src/admin/command.ts'
import { readInput } from '../../../src/admin/remote/input.ts'

const commands = await allCommands()

const made = command({
  fields: {
    id: { type: 'text', required: true, meaning: 'which' },
    limit: { type: 'number', default: 50, meaning: 'how many' },
    to: { type: 'text', local: true, meaning: 'a file' },
    restricted: { type: 'boolean', local: true, meaning: 'more' },
  },
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng made up',
  run: async () => ({ ok: true, document: {} }),
})

it('accepts the input of the command line, with the same defaults', () => {
  const input = { id: 'x', limit: 50, restricted: false }
  expect(readInput(made, { id: 'x' })).toEqual({ ok: true, input })
  expect(readInput(made, input)).toEqual({ ok: true, input })
})

it.each([{ to: '/etc/cron.d/x' }, { restricted: true }, { shape: false }])(
  'refuses local and unknown fields: %j',
  (more) => {
    const [field] = Object.keys(more)
    const read = readInput(made, { id: 'x', ...more })
    expect(read).toEqual({ ok: false, problems: [{ field, message: 'is not a field of the remote command' }] })
  },
)

it('refuses text that could control a terminal, for every command', () => {
  let asked = 0
  for (const one of commands) {
    for (const [name, { type, local, choices }] of Object.entries(one.fields)) {
      if (local || choices || !['text', 'list', 'json'].includes(type)) continue
      for (const bad of ['a\u{9b}31m', 'a\u{202e}b', 'a\u{1b}[2J', 'a\nb', 'a\u{2028}b', 'a\u{e0041}']) {
        const value = type === 'list' ? ['a', bad] : type === 'json' ? { keys: [{ [bad]: 1 }] } : bad
        const read = readInput(one, { [name]: value })
        expect(!read.ok && read.problems.find(({ field }) => field === name)?.message, name).toMatch(/^has control/)
        asked += 1
      }
    }
  }
  expect(asked).toBeGreaterThan(100)
})
