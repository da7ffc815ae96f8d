import cluster, { type Worker } from 'node:cluster'
import {
  AggregatorRegistry,
  Counter,
  Gauge,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client'

type Reading = MetricObjectWithValues<MetricValue<string>>[]

/** Messages between workers and supervisor; `number` is the number of the question. */
type Message =
  | { metrics: 'of all?'; number: number }
  | { metrics: 'of yours?'; number: number }
  | { metrics: 'mine'; number: number; reading: Reading }
  | { metrics: 'all'; number: number; text: string }

/** A worker without an answer by then hangs: its last values are used. */
const patienceMs = 2000
const supervisorMs = 2 * patienceMs

const isMessage = (message: unknown): message is Message =>
  typeof message === 'object' && message !== null && 'metrics' in message

/** The longest event loop delay counts: one hanging worker would disappear in a mean. */
const worstCounts = (metric: Reading[number]): Reading[number] =>
  metric.name.startsWith('nodejs_eventloop_lag_p') ? { ...metric, aggregator: 'max' } : metric

/** Counters of a dead process stay in the sum. Otherwise the sum falls, which reads as a restart. */
const grows = ({ type }: { type: unknown }) => type !== 'gauge'

const helpOfProcesses = {
  yideng_server_processes:
    'Server processes of this machine: those that said what they count, and those that did not answer',
  yideng_server_processes_configured: 'Server processes that this machine should have (YIDENG_WORKERS)',
  yideng_server_process_deaths_total: 'Server processes that ended and were replaced',
  yideng_server_process_hangs_total: 'Server processes that hung for 30 seconds and were killed',
} as const

const helpOf = (name: keyof typeof helpOfProcesses) => ({ name, help: helpOfProcesses[name] })

/**
 * The metrics of the server processes themselves.
 * @param now the processes that answered and those that did not
 */
function processMetrics(
  configured: number,
  now: { answering: number; silent: number; deaths: number; hangs: number },
): Registry {
  const registry = new Registry()
  const registers = [registry]
  const processes = new Gauge({ ...helpOf('yideng_server_processes'), labelNames: ['state'], registers })
  processes.set({ state: 'answering' }, now.answering)
  processes.set({ state: 'silent' }, now.silent)
  new Gauge({ ...helpOf('yideng_server_processes_configured'), registers }).set(configured)
  new Counter({ ...helpOf('yideng_server_process_deaths_total'), registers }).inc(now.deaths)
  new Counter({ ...helpOf('yideng_server_process_hangs_total'), registers }).inc(now.hangs)
  return registry
}

/**
 * Runs in the supervisor of several server processes. Each process answers a request for metrics with those of all.
 * Counters of dead processes keep their last values. prom-client's own cluster support drops a hanging worker, so this
 * one is our own. @returns counts a process that hung
 */
export function answerMetricsOfAll(configured: number): { hung(): void } {
  const listening = new Set<number>()
  const last = new Map<number, Reading>()
  const answered = new Map<string, () => void>()
  let departed: Promise<Reading> = Promise.resolve([])
  let questions = 0
  let deaths = 0
  let hangs = 0

  async function ask(worker: Worker): Promise<boolean> {
    questions += 1
    const number = questions
    const question: Message = { metrics: 'of yours?', number }
    let late: NodeJS.Timeout | undefined
    const answer = await new Promise<boolean>((resolve) => {
      answered.set(`${worker.id} ${number}`, () => resolve(true))
      late = setTimeout(() => resolve(false), patienceMs)
      worker.send(question, (error) => error && resolve(false))
    })
    clearTimeout(late)
    answered.delete(`${worker.id} ${number}`)
    return answer
  }

  async function textOfAll(): Promise<string> {
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
    // one that starts serves no person yet, and may never
    const serving = workers.filter((worker) => listening.has(worker.id) && worker.isConnected())
    const answers = await Promise.all(serving.map(ask))
    const now = {
      answering: answers.filter(Boolean).length,
      silent: answers.filter((answer) => !answer).length,
      deaths,
      hangs,
    }
    const own = await processMetrics(configured, now).getMetricsAsJSON()
    return AggregatorRegistry.aggregate([await departed, ...last.values(), own]).metrics()
  }

  async function answerAll(worker: Worker, number: number): Promise<void> {
    const answer: Message = { metrics: 'all', number, text: await textOfAll() }
    if (worker.isConnected()) worker.send(answer)
  }

  cluster.on('message', (worker: Worker, message: unknown) => {
    if (!isMessage(message)) return
    if (message.metrics === 'mine') {
      last.set(worker.id, message.reading.map(worstCounts))
      answered.get(`${worker.id} ${message.number}`)?.()
    }
    if (message.metrics === 'of all?') void answerAll(worker, message.number)
  })
  cluster.on('listening', ({ id }: Worker) => listening.add(id))
  cluster.on('exit', ({ id }: Worker) => {
    deaths += 1
    listening.delete(id)
    const reading = last.get(id)
    last.delete(id)
    if (!reading) return
    departed = departed.then((sum) => AggregatorRegistry.aggregate([sum, reading.filter(grows)]).getMetricsAsJSON())
  })
  return { hung: () => void (hangs += 1) }
}

/**
 * Runs in a worker: reports its metrics on demand, and asks for those of all. Without a supervisor, it returns those
 * of its own registry.
 */
export function metricsOfAll(registry: Registry, failed: (error: unknown) => void): () => Promise<string> {
  if (!cluster.isWorker) {
    const own = processMetrics(1, { answering: 1, silent: 0, deaths: 0, hangs: 0 })
    return () => Registry.merge([registry, own]).metrics()
  }
  const waiting = new Map<number, (text: string) => void>()
  let questions = 0
  const say = (message: Message) => process.connected && process.send?.(message)

  process.on('message', (message: unknown) => {
    if (!isMessage(message)) return
    if (message.metrics === 'all') waiting.get(message.number)?.(message.text)
    if (message.metrics !== 'of yours?') return
    const { number } = message
    void registry.getMetricsAsJSON().then(
      (reading) => say({ metrics: 'mine', number, reading }),
      (error: unknown) => failed(error), // the supervisor treats it as hanging
    )
  })

  return async () => {
    questions += 1
    const number = questions
    let late: NodeJS.Timeout | undefined
    try {
      return await new Promise<string>((resolve, reject) => {
        waiting.set(number, resolve)
        late = setTimeout(() => reject(new Error('the supervisor does not answer')), supervisorMs)
        say({ metrics: 'of all?', number })
      })
    } finally {
      clearTimeout(late)
      waiting.delete(number)
    }
  }
}
