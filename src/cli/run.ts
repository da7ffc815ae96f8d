import { readFileSync } from 'node:fs'
import { commands } from '../admin/commands.ts'
import {
  failed,
  flagOf,
  forbidden,
  invalid,
  nameOf,
  type Command,
  type Described,
  type FailureKind,
  type Input,
  type Outcome,
  type Problem,
} from '../admin/command.ts'
import type { CommandContext } from '../admin/command-context.ts'
import { readArguments, readFlagsOfAll } from './arguments.ts'
import { askTwice, readLine, type Terminal } from './ask-secret.ts'
import { guide } from './guide.ts'
import { localOnly } from '../admin/remote/gate.ts'
import { commandHelp, nounHelp, overallHelp } from './help.ts'
import { recordLines, tableLines, terminalText, type Line } from './layout.ts'
import { nearest } from './nearest.ts'
import { faultOfServer } from './remote/server-address.ts'
import type { RemoteOptions } from './remote/remote.ts'
import { unavailableHint, isUnavailable } from '../storage/unavailable.ts'
import { visibleJson } from '../text/visible.ts'
import { sessionCommands, type SessionCommand } from './remote/session-commands.ts'

/** What the command line needs of the process it runs in. */
export interface Surroundings {
  argv: readonly string[]
  context: CommandContext
  environment: Record<string, string | undefined>
  terminal: Terminal
  out: (text: string) => void
  err: (text: string) => void
}

const codes: Record<FailureKind, number> = { failed: 1, forbidden: 1, invalid: 2, not_found: 3 }

/** Reads the arguments, runs the command they name, prints its answer, and gives the exit code. */
export async function run({ argv, context, environment, terminal, out, err }: Surroundings): Promise<number> {
  const { help, json, server, rest } = readFlagsOfAll(argv)
  const print = (lines: readonly Line[]) => out(terminalText(lines))
  const printJson = (document: unknown) => out(jsonLine(document))

  // to the person, also where the answer is for a program
  const say = (lines: readonly string[]) => err(terminalText(lines))

  const fail = (kind: FailureKind, problems: readonly Problem[], command?: Described) => {
    const named = problems.map((problem) => ({ ...problem, field: problem.field && asTyped(problem.field, command) }))
    const lines = named.map(({ field, message }) => (field ? `${field} ${message}` : message))
    const hint = kind === 'invalid' ? [`Help: npx yideng${command ? ` ${nameOf(command)}` : ''} --help`] : []
    const error = { kind, message: lines.join('\n'), problems: named }
    err(json ? jsonLine({ error }) : terminalText([...lines, ...hint]))
    return codes[kind]
  }

  if (rest[0] === '--version') {
    const { node } = process.versions
    if (json) printJson({ version: version(), node })
    else print([`${version()} (Node.js ${node})`])
    return 0
  }
  const explained = help || rest[0] === 'help'
  const found = find(rest[0] === 'help' ? rest.slice(1) : rest)
  if ('unknown' in found) return fail('invalid', [{ message: found.unknown }])
  if ('help' in found) {
    print(found.help)
    return 0
  }
  const { command, words } = found
  if (explained) {
    print(commandHelp(command))
    return 0
  }

  const guided = 'access' in command && command.guided && words.length === 0 && !json && terminal.input.isTTY
  const fault = server === undefined ? undefined : faultOfServer(server)
  if (fault !== undefined) return fail('invalid', [{ field: '--server', message: fault }])
  const elsewhere = server === undefined ? undefined : { server, environment, clock: context.clock, say }
  const perform = async (given: readonly string[]): Promise<Outcome> => {
    const read = readArguments(command, given)
    if (!read.ok) return invalid(...read.problems)
    const missing = await fillSecrets(command, read.input, terminal)
    if (missing.length > 0) return invalid(...missing)
    return runHereOrThere(command, read.input, context, elsewhere).catch(failure)
  }
  const outcome = guided ? await guide(command, terminal, perform) : await perform(words)
  if (!outcome) return fail('failed', [{ message: 'Nothing was done.' }])
  if (!outcome.ok) return fail(outcome.kind, outcome.problems, command)
  if (json) printJson(outcome.document)
  else print(linesOf(outcome))
  return outcome.fault === undefined ? 0 : fail('failed', [{ message: outcome.fault }], command)
}

/** On the store of this machine, or at the server that is named. */
async function runHereOrThere(
  command: AnyCommand,
  input: Input,
  context: CommandContext,
  there: RemoteOptions | undefined,
): Promise<Outcome> {
  if (!there) return 'session' in command ? needsServer : command.run(context, input)
  if ('access' in command && 'local' in command.access) return forbidden(localOnly(command, command.access.local))
  const { connect } = await import('./remote/remote.ts')
  const remote = await connect(there)
  return 'session' in command ? command.session(remote) : remote.run(command, input)
}

function version(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

const needsServer = invalid({ field: '--server', message: 'is missing: which server?' })

type AnyCommand = Command | SessionCommand
const all: readonly AnyCommand[] = [...commands, ...sessionCommands]

/** The command that the first words name, or the help they ask for. */
function find(rest: string[]): { command: AnyCommand; words: string[] } | { help: Line[] } | { unknown: string } {
  const [noun, verb] = rest
  if (noun === undefined) return { help: overallHelp(all) }
  const nouns = [...new Set(all.map((command) => command.noun))]
  const ofNoun = all.filter((command) => command.noun === noun)
  if (ofNoun.length === 0) return { unknown: unknownWord('There is no', noun, nouns) }
  const single = ofNoun.find((command) => command.verb === undefined)
  if (single) return { command: single, words: rest.slice(1) }
  if (verb === undefined) return { help: nounHelp(noun, ofNoun) }
  const command = ofNoun.find((one) => one.verb === verb)
  if (command) return { command, words: rest.slice(2) }
  return {
    unknown: unknownWord(
      `"${noun}" cannot`,
      verb,
      ofNoun.flatMap((one) => one.verb ?? []),
    ),
  }
}

function unknownWord(beginning: string, word: string, known: string[]): string {
  const near = nearest(word, known)
  return `${beginning} ${JSON.stringify(word)}. ${near ? `Did you mean ${near}?` : `Known are: ${known.join(', ')}.`}`
}

/** Reads every secret of the command from standard input or the terminal; gives what could not be had. */
async function fillSecrets(command: Described, input: Input, terminal: Terminal): Promise<Problem[]> {
  for (const [name, field] of Object.entries(command.fields)) {
    if (field.type !== 'secret') continue
    if (!input[name] && !terminal.input.isTTY)
      return [{ field: name, message: 'is missing: there is no terminal to ask on' }]
    const asked = terminal.input.isTTY
      ? await askTwice(terminal, field.meaning)
      : { secret: await readLine(terminal.input) }
    if ('problem' in asked) return [{ message: asked.problem }]
    input[name] = asked.secret
  }
  return []
}

/** A field as the person typed it. */
function asTyped(name: string, command: Described | undefined): string {
  const field = command && Object.hasOwn(command.fields, name) ? command.fields[name] : undefined
  if (!field) return name
  return field.positional ? (field.placeholder ?? name) : `--${flagOf(name, field)}`
}

/** What went wrong unexpectedly, in one sentence; settings say theirs themselves. */
function failure(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error)
  if (/database is locked|SQLITE_BUSY/.test(message))
    return failed('The store is busy: another program has been writing for more than 5 seconds. Try again.')
  return failed(isUnavailable(error) ? `${unavailableHint} (${causeOf(error)})` : causeOf(error))
}

/** What lies deepest says most; an error of several tries has no words of its own (`AggregateError`). */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const within = innerOf(error)
  const { message, code } = error as NodeJS.ErrnoException
  const own = message || (code ?? error.name)
  return within === undefined ? own : `${own}: ${causeOf(within)}`
}

const innerOf = (error: Error): unknown =>
  error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined)

/** One JSON document on a line. */
const jsonLine = (document: unknown) => `${visibleJson(JSON.stringify(document))}\n`

function linesOf({ document, shown, notes = [] }: Outcome & { ok: true }): Line[] {
  if (Array.isArray(shown)) return [...shown, ...notes]
  if (shown) return [...(shown.rows.length > 0 ? tableLines(shown) : []), ...notes]
  return [...recordLines(document), ...notes]
}
