import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { cache } from './cache.ts'
import type { Example } from './example.ts'

const examples = new URL('../../examples', import.meta.url).pathname

/** Milliseconds for one command of a build. */
const longest = 600_000

type Built = { directory: string } | { notRun: string }
/** The fields of an example that a build needs. */
type Buildable = Pick<Example, 'folder' | 'needs' | 'tries' | 'fetch' | 'compile'>

const onPath = (program: string) => spawnSync('which', [program]).status === 0

/** Changes with each file of the example and with each command. */
function fingerprint({ folder, fetch, compile }: Buildable): string {
  const hash = createHash('sha256').update(JSON.stringify([fetch, compile]))
  for (const file of globSync('**/*', { cwd: join(examples, folder), withFileTypes: true }).filter((one) =>
    one.isFile(),
  ))
    hash.update(file.name).update(readFileSync(join(file.parentPath, file.name)))
  return hash.digest('hex').slice(0, 16)
}

function run([program = '', ...words]: string[], cwd: string): Promise<{ ok: boolean; output: string }> {
  const child = spawn(program, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: longest })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ ok: false, output: String(error) }))
    child.once('close', (code) => resolve({ ok: code === 0, output }))
  })
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? ''

/**
 * Builds an example in the cache. Where a program is not there or a registry does not answer, the answer has the reason.
 * @throws where the example itself cannot be built
 */
export async function build(example: Buildable): Promise<Built> {
  const missing = example.needs.filter((program) => !onPath(program))
  if (missing.length > 0) return { notRun: `this machine has no ${missing.join(', ')}` }
  const lacking = (example.tries ?? []).find(([program = '', ...words]) => spawnSync(program, words).status !== 0)
  if (lacking) return { notRun: `this machine fails at "${lacking.join(' ')}"` }
  const directory = join(cache, `${basename(example.folder)}-${fingerprint(example)}`)
  const done = join(directory, '.built')
  if (existsSync(done)) return { directory }
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  cpSync(join(examples, example.folder), directory, { recursive: true })
  for (const command of example.fetch) {
    const { ok, output } = await run(command, directory)
    if (!ok) return { notRun: `the registry did not answer "${command.join(' ')}": ${lastLine(output)}` }
  }
  for (const command of example.compile ?? []) {
    const { ok, output } = await run(command, directory)
    if (!ok) throw new Error(`"${command.join(' ')}" failed:\n${output}`)
  }
  writeFileSync(done, '')
  return { directory }
}
