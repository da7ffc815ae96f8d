import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { freePort } from '../setup/free-port.ts'
import { until } from '../setup/server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const folder = new URL('../../docs/monitoring/', import.meta.url)
const rules = z.looseObject({
  groups: z.array(z.looseObject({ rules: z.array(z.looseObject({ for: z.string().optional() })) })),
})
const alertsAnswer = z.object({
  data: z.object({
    alerts: z.array(z.object({ labels: z.record(z.string(), z.string()), state: z.enum(['pending', 'firing']) })),
  }),
})

/**
 * A real Prometheus with the rules of docs/monitoring. It looks each second, and `for` is two seconds.
 * @param targets host and port of each machine
 */
export async function startPrometheus(targets: string[]) {
  const directory = temporaryDirectory()
  const port = await freePort()
  const { groups } = rules.parse(parse(readFileSync(new URL('alerts.yaml', folder), 'utf8')))
  const soon = groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => ('for' in rule ? { ...rule, for: '2s' } : rule)),
  }))
  writeFileSync(join(directory, 'alerts.yaml'), stringify({ groups: soon }))
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['alerts.yaml'],
    scrape_configs: [{ job_name: 'yideng', static_configs: [{ targets }] }],
  }
  writeFileSync(join(directory, 'prometheus.yaml'), stringify(config))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(directory, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  )
  onTestFinished(() => void child.kill('SIGKILL'))

  /** The names of the alerts that fire now. */
  async function firing(): Promise<string[]> {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/alerts`).catch(() => undefined)
    if (!answer?.ok) return [] // it reads its rules at first
    const { data } = alertsAnswer.parse(await answer.json())
    const names = data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels['alertname'] ?? '')
    return [...new Set(names)].toSorted()
  }
  const fires = (...names: string[]) =>
    until(async () => {
      const now = await firing()
      return names.every((name) => now.includes(name))
    })
  const isQuiet = (...names: string[]) =>
    until(async () => {
      const now = await firing()
      return names.every((name) => !now.includes(name))
    })
  return { firing, fires, isQuiet }
}
