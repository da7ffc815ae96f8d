import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { afterFile } from '../setup/after-file.ts'
import { freePort } from '../setup/free-port.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { until, usualServer } from '../setup/server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { Visitor } from '../setup/visitor.ts'

const root = new URL('../../', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')
const [, registration = ''] = /^npx (yideng client create [^]*?localhost:8080[^]*?)\n```/m.exec(readme) ?? []
const [, program = ''] = /```js\n([^]*?)```/.exec(readme) ?? []

/** The words of a command, as a shell reads them. */
const words = (command: string) =>
  [...command.replaceAll('\\\n', ' ').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

it('the portal of README.md signs a person in, registered and started as README.md says', async () => {
  const server = await usualServer()
  const port = String(await freePort())
  const command = words(registration.replace('8080', port)).slice(1)
  const answer = execFileSync(process.execPath, [new URL('bin/yideng.mjs', root).pathname, ...command, '--json'], {
    env: { ...server.environment, YIDENG_ISSUER: server.issuer, PATH: process.env['PATH'] },
    encoding: 'utf8',
  })
  const { client_id: CLIENT_ID, client_secret: CLIENT_SECRET } = JSON.parse(answer) as Record<string, string>

  const directory = temporaryDirectory()
  symlinkSync(new URL('node_modules', root).pathname, join(directory, 'node_modules'))
  writeFileSync(join(directory, 'portal.mjs'), program)
  const portal = spawn(process.execPath, ['portal.mjs'], {
    cwd: directory,
    env: { ISSUER: server.issuer, CLIENT_ID, CLIENT_SECRET, PORT: port },
  })
  afterFile(() => void portal.kill())
  let output = ''
  for (const stream of [portal.stdout, portal.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()))
  await until(() => Promise.resolve(output !== ''))
  expect(output).toBe(`http://localhost:${port}\n`)

  const person = await openPerson(await server.services(), { name: '李建国' })
  const atPortal = new Visitor(`http://localhost:${port}`)
  const browser = new Visitor(server.issuer)
  const { leads: toYideng } = await atPortal.get('/')
  const consent = await signIn(browser, await browser.get(toYideng ?? ''), person.username)
  const { leads: back } = await allow(browser, consent)
  const { html } = await atPortal.get(back ?? '')
  expect(html).toMatch(/^李建国\n\S+\nurn:yideng:loa:3\n$/)

  const stranger = new Visitor(`http://localhost:${port}`)
  expect((await stranger.get(back ?? '')).status, 'an answer for another browser').toBe(400)
})
