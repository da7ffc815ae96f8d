import { describe, expect, it, onTestFinished } from 'vitest'
import { casProtocol } from '../../../examples/old-portals/plain/cas.ts'
import { startOldPortal, type OldPerson, type OldProtocol } from '../../../examples/old-portals/plain/portal.ts'
import { tifProtocol } from '../../../examples/old-portals/plain/tif.ts'
import type { Check } from '../../../src/admin/check/check-portal.ts'
import { casFaults, casLogoutFaults, tifFaults } from '../../../src/admin/check/old-faults.ts'
import { commandLine } from '../../cli/in-process.ts'
import { freePort } from '../../setup/free-port.ts'

const protocols = {
  cas: {
    path: '/cas',
    speak: (base: string, back: string) => casProtocol({ cas: base, service: back }),
    faults: [...casFaults, ...casLogoutFaults].map(({ name }) => name),
  },
  tif: {
    path: '/tif/sso/connect/page/oauth2',
    speak: (base: string, back: string, clientId: string) =>
      tifProtocol({ base, clientId, clientSecret: 'any', redirectUri: back }),
    faults: tifFaults.map(({ name }) => name),
  },
} as const

/** Registers an old portal, starts it on the server of the check, and checks it. */
async function check(legacy: keyof typeof protocols, changed: (right: OldProtocol) => OldProtocol = (right) => right) {
  const line = commandLine()
  const [port, checker] = [await freePort(), await freePort()]
  const back = `http://localhost:${port}/callback`
  const until = new Date(Date.now() + 86_400_000 * 300).toISOString().slice(0, 10)
  const named = ['--name', '旧门户', '--redirect-uri', back, '--network', '127.0.0.0/8']
  const words = [...named, '--legacy', legacy, '--legacy-until', until]
  const { client_id: id } = await line.json<{ client_id: string }>('client', 'create', ...words)
  const { path, speak } = protocols[legacy]
  const protocol = changed(speak(`http://localhost:${checker}${path}`, back, id))
  const portal = await startOldPortal(port, { name: '旧门户', callback: '/callback' }, protocol)
  onTestFinished(() => portal.close())
  const start = `http://localhost:${port}/login`
  const { code, out, err } = await line.yideng(
    'client',
    'check',
    id,
    '--port',
    String(checker),
    '--url',
    start,
    '--json',
  )
  const { checks = [], right } = JSON.parse(out || '{}') as { checks?: Check[]; right?: boolean }
  const wrong = checks.filter(({ was, must }) => was !== must).map(({ name }) => name)
  return { code, err, right, wrong, names: checks.map(({ name }) => name) }
}

describe.each(['cas', 'tif'] as const)('the check of a portal of %s', (legacy) => {
  it('reports no fault of the example', async () => {
    const { code, err, right, wrong, names } = await check(legacy)
    expect({ code, err, right, wrong }).toEqual({ code: 0, err: '', right: true, wrong: [] })
    expect(names).toEqual(
      expect.arrayContaining(['request', 'made-up', 'replayed-answer', ...protocols[legacy].faults]),
    )
  })

  it('reports each fault of a portal that believes every answer', async () => {
    let last: OldPerson | undefined
    const { code, wrong, names } = await check(legacy, (right) => ({
      ...right,
      async personOf(answer) {
        last = (await right.personOf(answer).catch(() => undefined)) ?? last
        return last
      },
      endedBy: () => '',
    }))
    expect(code).toBe(1)
    const kept = new Set(['request', 'logout-other'])
    expect(wrong.toSorted()).toEqual(names.filter((name) => !kept.has(name)).toSorted())
  })
})

it('reports a portal that names another address when its server asks', async () => {
  const { code, wrong } = await check('cas', (right) => ({
    ...right,
    async personOf(answer) {
      const ticket = answer.searchParams.get('ticket') ?? ''
      const asked = new URL(right.login)
      const base = asked.href.slice(0, asked.href.indexOf('/login'))
      const response = await fetch(`${base}/serviceValidate?service=x&ticket=${ticket}`)
      const [, user] = /<cas:user>(.+?)<\/cas:user>/.exec(await response.text()) ?? []
      return user === undefined ? undefined : { name: user, level: '', session: ticket }
    },
  }))
  expect({ code, wrong }).toEqual({ code: 1, wrong: ['request'] })
})
