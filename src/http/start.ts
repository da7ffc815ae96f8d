import cluster from 'node:cluster'
import { writeSync } from 'node:fs'
import { inspect } from 'node:util'
import { pino, type DestinationStream, type Logger } from 'pino'
import { fileSentence, namingSetting, writeFault } from '../config/machine-errors.ts'
import { readSettings, SettingsError, type Settings } from '../config/settings.ts'
import { storeSentence } from '../storage/unavailable.ts'
import { consoleWords, type ConsoleWords } from '../text/console-words.ts'
import { visible, visibleJson, visibleLines } from '../text/visible.ts'
import { answerMetricsOfAll } from './metrics-of-all.ts'
import { openTracing, untraced, type Tracing } from './tracing.ts'
import { keepWorkers, NoWorker } from './workers.ts'

/** The functions of main.ts. */
export interface Wiring {
  /** Serves until the process is told to stop; returns the number of registered portals. */
  server(settings: Settings, log: Logger, tracing: Tracing): Promise<{ portals: number }>
  /** Work of one process for all that share its files. */
  beside(settings: Settings, log: Logger): void
}

/** Starts the configured number of server processes. A wrong setting ends the start with one plain sentence. */
export async function start(wiring: Wiring, environment: Record<string, string | undefined>): Promise<void> {
  let settings: Settings | undefined
  const words = consoleWords(environment)
  try {
    settings = readSettings(environment)
    const answers = settings.workers === 1 || !cluster.isPrimary
    const tracing = answers ? await openTracing(environment) : untraced
    const log = createLog(settings.logLevel, tracing.logFields)
    endCalmly(log)
    tracing.complainTo(log)
    if (!answers) {
      const { hung } = answerMetricsOfAll(settings.workers)
      if (await keepWorkers(settings.workers, log, settings.drainSeconds * 1000, hung)) wiring.beside(settings, log)
      return
    }
    const { portals } = await wiring.server(settings, log, tracing)
    if (cluster.isPrimary) wiring.beside(settings, log)
    // the first of several processes prints it
    if ((cluster.worker?.id ?? 1) === 1) sayWhere(settings, portals, words)
  } catch (error) {
    if (!(error instanceof NoWorker)) console.error(visibleLines(plainly(error, settings, words)))
    process.exit(1)
  }
}

/** The server's log: JSON lines without control characters, which could control a terminal. @internal */
export function createLog(
  level: Settings['logLevel'],
  fields?: Tracing['logFields'],
  to: DestinationStream = pino.destination(1),
): Logger {
  const streamWrite = (line: string) => `${visibleJson(line.slice(0, -1))}\n`
  return pino({ level, hooks: { streamWrite }, ...(fields ? { mixin: fields } : {}) }, to)
}

/** An uncaught error ends the process as in Node.js, but through the log: Node.js itself would print it raw. */
function endCalmly(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'ended by an error that nobody caught')
    process.exit(1)
  })
}

function sayWhere({ issuer }: Settings, portals: number, { say }: ConsoleWords): void {
  const then =
    portals === 0
      ? 'register the first portal: npx yideng client create --help'
      : `${portals} portal${portals === 1 ? '' : 's'} registered; stop with Ctrl-C`
  printLine(visible(say(`Yideng 一登 listens on ${issuer} — ${then}`)))
}

/** Prints a line where the log goes. @throws SettingsError where it cannot be written */
function printLine(line: string): void {
  try {
    writeSync(1, `${line}\n`)
  } catch (error) {
    const why = writeFault(error)
    if (why !== undefined) throw new SettingsError(`Standard output, where the log goes, ${why}.`, { cause: error })
    console.log(visible(line)) // a slow pipe: Node.js waits for it
  }
}

/** One sentence for a fault that the operator can mend; the whole error for a fault of the program. */
function plainly(error: unknown, settings: Settings | undefined, { say }: ConsoleWords): string {
  const named = settings ? namingSetting(error, settings) : error
  if (named instanceof SettingsError) return say(named.message)
  const ofStore = settings && storeSentence(error, settings)
  const sentence = ofStore ?? fileSentence(error)
  return sentence === undefined ? inspect(error) : say(sentence)
}
