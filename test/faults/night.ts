import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { until, type RunningServer } from '../setup/server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { yideng } from './people.ts'

/** Seconds between two looks: `scrape_interval` of docs/monitoring/prometheus.yaml. */
const stepSeconds = 15
/** Milliseconds that Prometheus waits for an answer. */
const patienceMs = 10_000
const stepsIn = (minutes: number) => Math.ceil((minutes * 60) / stepSeconds)

const rulesFile = new URL('../../docs/monitoring/alerts.yaml', import.meta.url)
const ruleGroups = z.object({ groups: z.array(z.object({ rules: z.array(z.object({ expr: z.string() })) })) })
const expressions = ruleGroups
  .parse(parse(readFileSync(rulesFile, 'utf8')))
  .groups.flatMap(({ rules }) => rules.map(({ expr }) => expr))
/** The metrics that an alert uses. */
const used = new Set(expressions.join(' ').match(/\b(?:yideng|nodejs|pg|probe)_\w+/g))
/** Other programs of the machine change these: its disk, and how fast it is. */
const ofTheMachine = [
  'yideng_disk_free_bytes',
  'nodejs_eventloop_lag_p99_seconds',
  'yideng_http_request_seconds_bucket',
  'yideng_artifact_store_seconds_bucket',
] as const
/** promtool's time begins in 1970, so a point in time is written as seconds since the first look. */
const isPoint = (name: string) => /_timestamp_seconds$|_cert_expiry$/.test(name)

/** What Prometheus would look at. `read` rejects when there is no answer. */
export interface Target {
  job: 'yideng' | 'yideng-outside' | 'postgres'
  instance: string
  read(): Promise<string>
}

export const machine = (server: Pick<RunningServer, 'issuer'>, instance = 'a'): Target => ({
  job: 'yideng',
  instance,
  async read() {
    const answer = await fetch(`${server.issuer}/metrics`, { signal: AbortSignal.timeout(patienceMs) })
    if (!answer.ok) throw new Error(`/metrics answers ${answer.status}`)
    return answer.text()
  },
})

/** The server has a backup, as a healthy one has. Without one, YidengBackupOld fires after an hour. */
export async function backedUp(server: RunningServer): Promise<RunningServer> {
  await yideng(server, ['backup', join(temporaryDirectory(), 'backup.sqlite')])
  return server
}

interface Check {
  at: number
  firing: string[]
}

/**
 * A night of real looks at real servers, judged by the rules of docs/monitoring as they are. Each look is one
 * `scrape_interval` of that night, however soon it follows the last: `for` and the ranges keep their lengths.
 * @param about of the metrics that other programs of the machine change, those that this night is about
 */
export function watchAtNight(targets: Target[], about: (typeof ofTheMachine)[number][] = []) {
  const without = new Set<string>(ofTheMachine.filter((name) => !about.includes(name)))
  const began = Date.now() / 1000
  const values = new Map<string, string[]>()
  const checks: Check[] = []
  let step = 0

  /** Adds the value of this step. Before its first value, a series has none. */
  function put(series: string, value: string): void {
    const known = values.get(series) ?? []
    while (known.length < step) known.push('_')
    known[step] = value
    values.set(series, known)
  }

  function readLine(line: string, { job, instance }: Target): void {
    const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (!used.has(name) || without.has(name)) return
    const all = [labels, `job="${job}"`, `instance="${instance}"`].filter(Boolean).join(',')
    put(`${name}{${all}}`, isPoint(name) ? String(Number(value) - began) : value)
  }

  async function look(): Promise<void> {
    await Promise.all(
      targets.map(async (target) => {
        const text = await target.read().catch(() => undefined)
        put(`up{job="${target.job}",instance="${target.instance}"}`, text === undefined ? '0' : '1')
        for (const line of text?.split('\n') ?? []) readLine(line, target)
      }),
    )
    // Prometheus ends a series that an answer does not have
    for (const known of values.values())
      if (known.length === step) known.push(known.at(-1) === '_' || known.at(-1) === 'stale' ? '_' : 'stale')
    step += 1
  }

  return {
    /** Looks for this many minutes of the night. `act` runs before each look. */
    async pass(minutes: number, act: (look: number) => Promise<unknown> = async () => undefined): Promise<void> {
      for (let index = 0; index < stepsIn(minutes); index += 1) {
        await act(index)
        await look()
      }
    },
    /** Waits until a machine tells this line. Such looks are no part of the night. */
    async sees(line: string): Promise<void> {
      const isThere = () =>
        until(async () => {
          const texts = await Promise.all(targets.map(({ read }) => read().catch(() => '')))
          return texts.some((text) => text.split('\n').includes(line))
        })
      await isThere().catch(isThere) // some jobs run once a minute
    },
    /** Nothing happens for this many minutes: each look finds what the last one found. */
    still(minutes: number): void {
      for (let index = 0; index < stepsIn(minutes); index += 1) {
        for (const known of values.values()) known.push(known.at(-1) === 'stale' ? '_' : (known.at(-1) ?? '_'))
        step += 1
      }
    },
    /** These alerts fire now, and no others. */
    fires: (...names: string[]) => void checks.push({ at: step - 1, firing: names.toSorted() }),
    isQuiet: () => void checks.push({ at: step - 1, firing: [] }),
    /** Lets promtool judge the night. It must begin quiet, and end quiet. */
    judge(): void {
      expect(checks.at(0)?.firing).toEqual([])
      expect(checks.at(-1)?.firing).toEqual([])
      const file = join(temporaryDirectory(), 'night.yaml')
      const night = {
        interval: `${stepSeconds}s`,
        input_series: [...values].map(([series, known]) => ({ series, values: shorten(known) })),
        promql_expr_test: checks.map(({ at, firing }) => ({
          expr: 'max by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: `${at * stepSeconds}s`,
          exp_samples: firing.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
        })),
      }
      const interval = `${stepSeconds}s`
      writeFileSync(
        file,
        stringify({ rule_files: [rulesFile.pathname], evaluation_interval: interval, tests: [night] }),
      )
      const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' })
      expect(status, `${stdout}${stderr}`).toBe(0)
    },
  }
}

/** Equal values in a row in the short form of promtool: `4x2` is three of them. */
function shorten(values: string[]): string {
  const rows: { value: string; more: number }[] = []
  for (const value of values) {
    const last = rows.at(-1)
    if (last?.value === value) last.more += 1
    else rows.push({ value, more: 0 })
  }
  return rows.map(({ value, more }) => written(value, more)).join(' ')
}

function written(value: string, more: number): string {
  if (value === 'stale') return 'stale'
  if (value === '_') return `_x${more + 1}`
  return more === 0 ? value : `${value}x${more}`
}
