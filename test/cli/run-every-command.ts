import { Readable } from 'node:stream'
import { nameOf } from '../../src/admin/command.ts'
import { commands } from '../../src/admin/commands.ts'
import { createCommandContext } from '../../src/admin/command-context.ts'
import type { Terminal } from '../../src/cli/ask-secret.ts'
import { run } from '../../src/cli/run.ts'

/** A process that runs every command on the set-up of its environment, says how each ended, and then has to end by itself. */
const environment = process.env
const atOnce = Number(environment['TEST_AT_ONCE'] ?? 1)
const file = environment['TEST_FILE'] ?? ''

async function runOne(command: (typeof commands)[number]) {
  const given = Object.entries(command.fields).flatMap(
    ([name, { type, positional, required, choices, placeholder }]) => {
      const isFile = /^(FILE|DIRECTORY)/.test(placeholder ?? '')
      if (positional) return [isFile ? file : 'portal-of-nobody']
      if (!required || type === 'secret') return []
      return [`--${name}=${choices?.[0] ?? (isFile ? `${file}-${name}` : '1')}`]
    },
  )
  const context = createCommandContext({ environment, clock: () => Date.now(), actor: 'administrator:test' })
  const answer = { out: '', err: '' }
  const terminal: Terminal = {
    input: Object.assign(Readable.from([Buffer.from('Nanshan-7-lychee\n')]), {
      isTTY: false,
      setRawMode: () => undefined,
    }) as unknown as Terminal['input'],
    prompt: { write: () => true },
  }
  const began = performance.now()
  const code = await run({
    argv: [...nameOf(command).split(' '), ...given],
    context,
    environment,
    terminal,
    out: (text) => void (answer.out += text),
    err: (text) => void (answer.err += text),
  })
  await context.close()
  const ms = Math.round(performance.now() - began)
  process.stdout.write(`${JSON.stringify({ command: nameOf(command), code, ms, ...answer })}\n`)
}

const waiting = [...commands]
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await runOne(next)
  }),
)
