import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { auditEvents } from '../../src/audit/audit-events.ts'
import { channelRow, channelsFile, startVendors } from '../setup/channel-vendors.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer } from '../setup/server.ts'
import { upstreamsFile } from '../setup/upstreams/open.ts'
import { Visitor } from '../setup/visitor.ts'

const read = (name: string) => readFileSync(new URL(`../../docs/monitoring/${name}`, import.meta.url), 'utf8')

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[]
}
interface Alerts {
  groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[]
}

it('every alert has sample values that fire it, and others that do not', () => {
  const { groups } = parse(read('alerts.yaml')) as Alerts
  const { tests } = parse(read('alerts.test.yaml')) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: { exp_annotations: { summary: string } }[] }[] }[]
  }
  const tried = tests.flatMap(({ alert_rule_test: rules }) => rules)
  for (const { alert, annotations } of groups.flatMap(({ rules }) => rules)) {
    const expected = tried.filter(({ alertname }) => alertname === alert).flatMap(({ exp_alerts: fired }) => fired)
    for (const { exp_annotations: shown } of expected) expect(shown.summary, alert).toBe(annotations.summary)
    const counts = tried.filter(({ alertname }) => alertname === alert).map(({ exp_alerts: fired }) => fired.length)
    expect(
      counts.toSorted((one, other) => one - other),
      alert,
    ).toEqual([0, 1])
  }
})

it('the dashboard and the alerts use metrics that the server has', async () => {
  const dashboard = JSON.parse(read('grafana.json')) as Dashboard
  const { groups } = parse(read('alerts.yaml')) as Alerts
  const rules = groups.flatMap((group) => group.rules)
  for (const { alert, annotations } of rules) expect(annotations.summary, alert).toMatch(/\w/)

  const vendors = await startVendors()
  const channels = channelsFile(vendors, [channelRow(vendors, 'wechat-mini')])
  const city = { id: 'city', kind: 'oidc', name: '佛山', issuer: 'http://localhost:9', clientId: 'a' }
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

  const expressions = [...dashboard.panels.flatMap(({ targets }) => targets), ...rules].map(({ expr }) => expr)
  expect(expressions.length).toBeGreaterThan(20)
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
