import { readFileSync } from 'node:fs'
import { nameOf, resolvedInput, type Command, type CommandHelp, type Counter, type Guide } from '../admin/command.ts'
import type { CommandContext } from '../admin/command-context.ts'
import { flagOf, type Input } from '../admin/fields.ts'
import { failed, forbidden, invalid, type FailureKind, type Outcome, type Problem } from '../admin/outcome.ts'
import { localOnly } from '../admin/remote/authorise.ts'
import { fileSentence } from '../config/machine-errors.ts'
import { SettingsError } from '../config/setting-types.ts'
import { isUnavailable, unavailableHint } from '../storage/unavailable.ts'
import { visibleJson } from '../text/visible.ts'
import { readArguments, readCommonFlags } from './arguments.ts'
import { consoleWords } from '../text/console-words.ts'
import { askTwice, readLine, type Terminal } from './ask-secret.ts'
import { widthOfTerminal } from './fit.ts'
import { commandOf, type AnyCommand } from './find-command.ts'
import { counter } from './counter.ts'
import { guide } from './guide.ts'
import {
  checkLines,
  outlineLines,
  recordLines,
  spoken,
  tableLines,
  terminalText,
  type Line,
  type Screen,
} from './layout.ts'
import { qrText } from './qr-code.ts'
import type { RemoteOptions } from './remote/remote.ts'
import { faultOfServer } from './remote/server-address.ts'

/** What the command line needs of its process. */
export interface CommandLineOptions {
  argv: readonly string[]
  context: CommandContext
  environment: Record<string, string | undefined>
  terminal: Terminal
  /** The columns of standard output, and whether it is a terminal. */
  output?: { columns?: number | undefined; isTTY?: boolean | undefined }
  out: (text: string) => void
  err: (text: string) => void
}

const codes: Record<FailureKind, number> = { failed: 1, forbidden: 1, invalid: 2, not_found: 3 }

/** Reads the arguments, runs their command, prints its answer, and returns the exit code. */
export async function run(options: CommandLineOptions): Promise<number> {
  const { argv, context, environment, terminal, output = {}, out, err } = options
  const { help, json, utc, qr, server, environment: file, rest } = readCommonFlags(argv)
  const screen = { words: consoleWords(environment), width: widthOfTerminal(environment, output.columns), utc }
  const print = (lines: readonly Line[]) => out(terminalText(lines, screen))
  const printJson = (document: unknown) => out(jsonLine(document))
  // on standard error: with --json, standard output has one document and nothing else
  const say = (lines: readonly string[]) => err(terminalText(lines, screen))

  const fail = (kind: FailureKind, problems: readonly Problem[], command?: CommandHelp) => {
    const named = problems.map((problem) => ({ ...problem, field: problem.field && asTyped(problem.field, command) }))
    const lines = named.map(({ field, message }) => (field ? `${field} ${message}` : message))
    const spokenLines = named.map(({ field, message }) => (field ? `${field} ${spoken(message, screen)}` : message))
    const hint = kind === 'invalid' ? [`Help: npx yideng${command ? ` ${nameOf(command)}` : ''} --help`] : []
    const error = { kind, message: lines.join('\n'), problems: named }
    err(json ? jsonLine({ error }) : terminalText([...spokenLines, ...hint], screen))
    return codes[kind]
  }

  if (rest[0] === '--version') {
    const { node } = process.versions
    if (json) printJson({ version: version(), node })
    else print([`${version()} (Node.js ${node})`])
    return 0
  }
  const asksHelp = rest[0] === 'help'
  const found = await commandOf(asksHelp ? rest.slice(1) : rest, help || asksHelp, screen)
  if ('unknown' in found) return fail('invalid', [{ message: found.unknown }])
  if ('help' in found) {
    print(found.help)
    return 0
  }
  const { command, words } = found
  const asks = words.length === 0 && !json && terminal.input.isTTY
  const fault = server === undefined ? undefined : faultOfServer(server)
  if (fault !== undefined) return fail('invalid', [{ field: '--server', message: fault }])
  if (file === '') return fail('invalid', [{ field: '--environment', message: 'is missing: which file?' }])
  const remote = server === undefined ? undefined : { server, environment, clock: context.clock, say }
  const performOf = async (one: AnyCommand, given: readonly string[]): Promise<Outcome> => {
    const read = readArguments(one, given)
    if (!read.ok) return invalid(...read.problems)
    const missing = await fillSecrets(one, read.input, terminal, screen)
    if (missing.length > 0) return invalid(...missing)
    return runHereOrRemotely(one, read.input, context, remote).catch(failure)
  }
  const perform = (given: readonly string[]) => performOf(command, given)
  /** Prints the answer of a command; returns its exit code. */
  const show = (outcome: Outcome, of: AnyCommand): number => {
    if (!outcome.ok) return fail(outcome.kind, outcome.problems, of)
    if (json) printJson(outcome.document)
    else {
      if (outcome.link !== undefined && (qr || output.isTTY)) out(qrText(outcome.link))
      print(linesOf(outcome, screen))
    }
    return outcome.fault === undefined ? 0 : fail('failed', [{ message: outcome.fault }], of)
  }
  if (asks && hasCounter(command)) return counter(command, terminal, screen, { perform: performOf, show })
  const outcome = asks && hasGuide(command) ? await guide(command, terminal, screen, perform) : await perform(words)
  return outcome ? show(outcome, command) : fail('failed', [{ message: 'Nothing was done.' }])
}

const hasCounter = (command: AnyCommand): command is Command & { counter: Counter } =>
  'access' in command && command.counter !== undefined

const hasGuide = (command: AnyCommand): command is Command & { guide: Guide } =>
  'access' in command && command.guide !== undefined

/** Runs a command on the store of this machine, or at the server of `--server`. */
async function runHereOrRemotely(
  command: AnyCommand,
  input: Input,
  context: CommandContext,
  options: RemoteOptions | undefined,
): Promise<Outcome> {
  if (!options) {
    if ('session' in command) return needsServer
    const resolved = await resolvedInput(context, command, input)
    return resolved.ok ? command.run(context, resolved.input) : resolved
  }
  if ('access' in command && 'local' in command.access) return forbidden(localOnly(command, command.access.local))
  // the OpenID client is needed here only
  const { connect } = await import('./remote/remote.ts')
  const remote = await connect(options)
  return 'session' in command ? command.session(remote) : remote.run(command, input)
}

function version(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { version: string }).version
}

const needsServer = invalid({ field: '--server', message: 'is missing: which server?' })

/** Reads each secret of the command from standard input or the terminal; returns the problem where one is missing. */
async function fillSecrets(
  command: CommandHelp,
  input: Input,
  terminal: Terminal,
  { words }: Screen,
): Promise<Problem[]> {
  for (const [name, field] of Object.entries(command.fields)) {
    if (field.type !== 'secret') continue
    if (!input[name] && !terminal.input.isTTY)
      return [{ field: name, message: 'is missing: there is no terminal to ask on' }]
    const asked = terminal.input.isTTY
      ? await askTwice(terminal, field.meaning, words)
      : { secret: await readLine(terminal.input) }
    if ('problem' in asked) return [{ message: asked.problem }]
    input[name] = asked.secret
  }
  return []
}

/** The flag or placeholder of a field. */
function asTyped(name: string, command: CommandHelp | undefined): string {
  const field = command && Object.hasOwn(command.fields, name) ? command.fields[name] : undefined
  if (!field) return name
  return field.positional ? (field.placeholder ?? name) : `--${flagOf(name, field)}`
}

/** An unexpected error in one sentence. */
function failure(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error)
  if (/database is locked|SQLITE_BUSY/.test(message))
    return failed('The store is busy: another program has been writing for more than 5 seconds. Try again.')
  if (isUnavailable(error)) return failed(`${unavailableHint} (${causeOf(error)})`)
  return failed(error instanceof SettingsError ? error.message : (fileSentence(error) ?? causeOf(error)))
}

/** The messages of an error and its causes. An `AggregateError` (several connection attempts) has no message itself. */
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

function linesOf(outcome: Outcome & { ok: true }, screen: Screen): Line[] {
  const { notes = [], raw = [] } = outcome
  return [...answerLines(outcome, screen), ...notes, ...raw.map((asIs) => ({ asIs }))]
}

function answerLines({ document, shown, raw }: Outcome & { ok: true }, screen: Screen): readonly Line[] {
  if (Array.isArray(shown)) return shown
  if (shown) {
    if ('checks' in shown) return checkLines(shown.checks, screen)
    if ('outline' in shown) return outlineLines(shown.outline, screen)
    return shown.rows.length > 0 ? tableLines(shown, screen) : []
  }
  return raw ? [] : recordLines(document, screen)
}
