import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import type { Example } from './example.ts'
import { secondsToBuild, total } from './time.ts'

const examples = new URL('../../examples', import.meta.url).pathname

/** Builds stay between runs, outside the tree and outside node_modules, which `npm ci` empties. */
const usualCache =
  process.env['YIDENG_PORTALS_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'yideng-portals')

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

const directoryOf = (example: Buildable, cache: string) =>
  join(cache, `${basename(example.folder)}-${fingerprint(example)}`)
const isBuilt = (directory: string) => existsSync(join(directory, '.built'))

/** The examples that are built already come before the others, each part in its order. */
export const builtFirst = <T extends Buildable>(all: T[], cache = usualCache): T[] =>
  all.toSorted((a, b) => Number(isBuilt(directoryOf(b, cache))) - Number(isBuilt(directoryOf(a, cache))))

/** Runs a command and ends it with all of its processes when its time is over. */
function run([program = '', ...words]: string[], cwd: string, seconds: number) {
  const child = spawn(program, words, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise<{ ended: 'well' | 'badly' | 'late'; output: string }>((resolve) => {
    let late = false
    const timer = setTimeout(() => {
      late = true
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }, seconds * 1000)
    child.once('error', (error) => resolve({ ended: 'badly', output: String(error) }))
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ ended: late ? 'late' : code === 0 ? 'well' : 'badly', output })
    })
  })
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? ''

/** Fetches and compiles in the directory. What a cut build has left there stays, so that the next run goes on from it. */
async function buildIn(directory: string, { fetch, compile }: Buildable, seconds: number): Promise<Built> {
  const end = performance.now() + seconds * 1000
  for (const [command, answered] of [
    ...fetch.map((one) => [one, true] as const),
    ...(compile ?? []).map((one) => [one, false] as const),
  ]) {
    const { ended, output } = await run(command, directory, (end - performance.now()) / 1000)
    if (ended === 'late') return { notRun: `not built in ${Math.round(seconds)} s` }
    if (ended === 'badly' && answered) return { notRun: `"${command.join(' ')}" got nothing: ${lastLine(output)}` }
    if (ended === 'badly') throw new Error(`"${command.join(' ')}" failed:\n${output}`)
  }
  writeFileSync(join(directory, '.built'), '')
  return { directory }
}

/**
 * Builds an example in the cache. The answer has the reason where a program is missing, a registry does not answer or time is over.
 * @param seconds for all its commands
 * @throws where the example itself cannot be built
 */
export async function build(example: Buildable, seconds = secondsToBuild(), cache = usualCache): Promise<Built> {
  const missing = example.needs.filter((program) => !onPath(program))
  if (missing.length > 0) return { notRun: `this machine has no ${missing.join(', ')}` }
  const lacking = (example.tries ?? []).find(([program = '', ...words]) => spawnSync(program, words).status !== 0)
  if (lacking) return { notRun: `this machine fails at "${lacking.join(' ')}"` }
  if (seconds <= 0) return { notRun: `its turn did not come in ${total} s` }
  const directory = directoryOf(example, cache)
  if (isBuilt(directory)) return { directory }
  mkdirSync(cache, { recursive: true })
  cpSync(join(examples, example.folder), directory, { recursive: true })
  try {
    return await buildIn(directory, example, seconds)
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}
