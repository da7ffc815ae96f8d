import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { nameOf } from '../../src/admin/command.ts'
import { allCommands } from '../../src/admin/commands.ts'
import { auditEvents } from '../../src/audit/audit-events.ts'
import { channelRow, channelsFile, startVendors } from '../setup/channel-vendors.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer } from '../setup/server.ts'
import { fakeSignatureServer } from '../setup/signature-server.ts'
import { upstreamsFile } from '../setup/upstreams/open.ts'
import { Visitor } from '../setup/visitor.ts'

const folder = new URL('../../docs/monitoring/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')
const city = { id: 'city', kind: 'oidc', name: '佛山', issuer: 'http://localhost:9', clientId: 'a' }

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[]
}
interface Annotations {
  summary: string
  commands: string
  night: string
}
interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: Annotations
}
const rulesOf = () =>
  (parse(read('alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules)

/** What other programs export: Prometheus itself, blackbox_exporter, postgres_exporter. */
const ofExporters = new Set(['up', 'probe_success', 'probe_ssl_earliest_cert_expiry', 'pg_replication_lag_seconds'])

/** The parts of an expression that select series: function around, name, labels in braces. */
const selectorsOf = (expression: string) =>
  [...expression.matchAll(/(?:(increase|delta)\()?\b((?:yideng|nodejs|pg|probe)_\w+|up)\b(?:\{([^}]*)\})?/g)].map(
    ([, grows, name = '', labels = '']) => ({
      grows: grows !== undefined,
      name,
      labels: [...labels.matchAll(/(\w+)(=~?|!=)"([^"]*)"/g)].map(([, label = '', how = '', value = '']) => ({
        label,
        how,
        value,
      })),
    }),
  )

it('every alert has sample values that fire it, and others that do not', () => {
  const { tests } = parse(read('alerts.test.yaml')) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: Fired[] }[] }[]
  }
  interface Fired {
    exp_labels: Record<string, string>
    exp_annotations: Annotations
  }
  const tried = tests.flatMap(({ alert_rule_test: rules }) => rules)
  for (const { alert, annotations } of rulesOf()) {
    const ofAlert = tried.filter(({ alertname }) => alertname === alert)
    for (const { exp_labels: labels, exp_annotations: shown } of ofAlert.flatMap(({ exp_alerts: fired }) => fired)) {
      const summary = annotations.summary.replace(
        /\{\{ \$labels\.(\w+) \}\}/g,
        (_, label: string) => labels[label] ?? '',
      )
      expect(shown, alert).toEqual({ ...annotations, summary })
    }
    const counts = ofAlert.map(({ exp_alerts: fired }) => fired.length)
    expect(
      counts.toSorted((one, other) => one - other),
      alert,
    ).toEqual([0, 1])
  }
})

it('every alert has a test that makes its cause, and none is named that is no rule', () => {
  const faults = new URL('../faults/', import.meta.url)
  const nights = readdirSync(faults).filter((name) => name.startsWith('alerts-') && name.endsWith('.fault.ts'))
  const text = nights.map((name) => readFileSync(new URL(name, faults), 'utf8')).join('\n')
  const fired = [...text.matchAll(/night\.fires\(([^)]*)\)/g)].flatMap(([, names = '']) => names.match(/\w+/g) ?? [])
  expect([...new Set(fired)].toSorted()).toEqual(
    rulesOf()
      .map(({ alert }) => alert)
      .toSorted(),
  )
})

it.skipIf(cannotRun('promtool'))('promtool accepts the rules, the sample values and the scrape configuration', () => {
  const promtool = (...words: string[]) => spawnSync('promtool', words, { cwd: folder, encoding: 'utf8' })
  expect(promtool('test', 'rules', 'alerts.test.yaml')).toMatchObject({ status: 0 })
  expect(promtool('check', 'config', 'prometheus.yaml')).toMatchObject({ status: 0 })
})

/** The sections of a night page by their heading: the commands without what they are for, and the points. */
function sectionsOf(page: string): Map<string, { commands: string; points: number }> {
  const parts = page.split(/^### /m).slice(1)
  return new Map(
    parts.map((part) => [
      part.split('\n')[0] ?? '',
      {
        commands: /```sh\n([^]*?)\n```/.exec(part)?.[1] ?? '',
        points: part.match(/^- /gm)?.length ?? 0,
      },
    ]),
  )
}

it('each alert has three commands, and its section of the night pages', async () => {
  const pages = ['../night.md', '../en/night.md'].map((page) => sectionsOf(read(page)))
  const named = new Set((await allCommands()).map(nameOf))
  const rules = rulesOf()
  for (const page of pages) expect([...page.keys()].toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted())
  for (const { alert, labels, annotations } of rules) {
    expect(['page', 'warn'], alert).toContain(labels.severity)
    expect(annotations.night).toBe(`docs/night.md#${alert.toLowerCase()}`)
    expect(annotations.summary, alert).toMatch(/\p{Script=Han}.*。$/u)
    const lines = annotations.commands.split('\n')
    expect(lines.length, alert).toBe(3)
    for (const line of lines) {
      expect(line, alert).toMatch(/^\S.*  # .*\p{Script=Han}/u)
      const [, words = ''] = /^yideng ([a-z-]+(?: [a-z-]+)?)/.exec(line) ?? []
      if (words)
        expect(
          [...named].some((name) => name === words || name === words.split(' ')[0]),
          line,
        ).toBe(true)
    }
    expect(pages[0]?.get(alert)).toEqual({ commands: annotations.commands, points: 3 })
    expect(pages[1]?.get(alert)?.points).toBe(3)
  }
})

it('a server that has just started has each series that an alert is about', async () => {
  const device = await fakeSignatureServer()
  const vendors = await startVendors()
  const settings = {
    YIDENG_WORKERS: '2',
    YIDENG_CHANNELS: channelsFile(vendors, [channelRow(vendors, 'wechat-mini')]),
    YIDENG_UPSTREAMS: upstreamsFile([city]),
    YIDENG_SM2_KEYS: 'svs',
    YIDENG_SVS: device.file,
  }
  const server = await startServer(settings)
  const scrape = async () => (await (await fetch(`${server.issuer}/metrics`)).text()).split('\n')
  await scrape() // the times of requests begin with the first scrape
  const series = await scrape()
  const { scrape_configs: jobs } = parse(read('prometheus.yaml')) as { scrape_configs: { job_name: string }[] }
  for (const { alert, expr } of rulesOf()) {
    const selectors = selectorsOf(expr)
    expect(selectors.length, alert).toBeGreaterThan(0)
    if (selectors.every(({ name }) => !ofExporters.has(name)))
      for (const [, named = ''] of expr.matchAll(/\bby \(([^)]*)\)/g))
        for (const label of named.split(', ').filter((one) => one !== 'le'))
          expect(series.join('\n'), alert).toContain(`${label}="`)
    for (const { grows, name, labels } of selectors) {
      if (ofExporters.has(name)) {
        expect(jobs.map(({ job_name: job }) => job)).toContain(labels.find(({ label }) => label === 'job')?.value)
        continue
      }
      // both stores are on other machines (test/http/outlook-metrics.test.ts)
      if (name === 'yideng_disk_free_bytes' && server.environment['YIDENG_DATABASE_URL']) continue
      const there = series.filter((line) => new RegExp(`^${name}[ {]`).test(line))
      expect(there.length, `${alert}: ${name}`).toBeGreaterThan(0)
      for (const { label, how, value } of labels.filter(({ label: one }) => one !== 'status')) {
        for (const one of how === '!=' ? [] : value.split('|'))
          expect(there.join('\n'), `${alert}: ${name}`).toContain(`${label}="${one}"`)
        expect(there.join('\n'), `${alert}: ${name}`).toContain(`${label}="`)
      }
      // an alert sees no increase of a series that begins with its first event
      const ofAlert = there.filter((line) =>
        labels.every(({ label, how, value }) => (how === '=' ? line.includes(`${label}="${value}"`) : true)),
      )
      if (grows) for (const line of ofAlert) expect(line, alert).toMatch(/ 0$/)
    }
  }
})

it('the dashboard uses metrics that the server has', async () => {
  const dashboard = JSON.parse(read('grafana.json')) as Dashboard
  const vendors = await startVendors()
  const channels = channelsFile(vendors, [channelRow(vendors, 'wechat-mini')])
  const upstreams = upstreamsFile([city])
  const server = await startServer({ YIDENG_WORKERS: '2', YIDENG_CHANNELS: channels, YIDENG_UPSTREAMS: upstreams })
  const services = await server.services()
  const person = await openPerson(services)
  const portal = await registerPortal(services, { consent: 'implicit' })
  const visitor = new Visitor(server.issuer)
  const { url } = await portal.begin()
  await signIn(visitor, await visitor.get(url), person.username, 'Not-The-Password-1')
  await signIn(visitor, await visitor.get(url), person.username)
  const text = await (await fetch(`${server.issuer}/metrics`)).text()

  const expressions = dashboard.panels.flatMap(({ targets }) => targets).map(({ expr }) => expr)
  expect(expressions.length).toBeGreaterThan(10)
  for (const expression of expressions) {
    const names = expression.match(/\b(yideng|nodejs|process)_\w+/g) ?? []
    expect(names.length, expression).toBeGreaterThan(0)
    for (const name of names) expect(text, expression).toMatch(new RegExp(`^${name}\\b`, 'm'))
    for (const [, label = ''] of expression.matchAll(/\bby \(([^)]*)\)/g)) {
      for (const one of label.split(', ').filter((name) => name !== 'le'))
        expect(text, expression).toContain(`${one}="`)
    }
    for (const [, events = ''] of expression.matchAll(/event=~?"([^"]+)"/g)) {
      for (const event of events.split('|')) expect(auditEvents).toHaveProperty([event])
    }
  }
  expect(text).toContain('yideng_sign_ins_total{method="password",outcome="succeeded"} 1')
  expect(text).toContain('yideng_sign_ins_total{method="password",outcome="sign_in_refused"} 1')
  expect(text).toMatch(/yideng_http_requests_total\{method="POST",route="[^"]*password[^"]*",status="303"\} 1/)
  expect(text).toMatch(/yideng_signing_key_age_seconds\{kid="es256-\w+",alg="ES256",state="signs"\} \d/)
})
