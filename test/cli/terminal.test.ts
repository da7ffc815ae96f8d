import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { nameOf, type Command } from '../../src/admin/command.ts'
import { allCommands } from '../../src/admin/commands.ts'
import { columnMarks } from '../../src/storage/schema.ts'
import { fieldAad } from '../../src/accounts/personal-fields.ts'
import { afterFile } from '../setup/after-file.ts'
import { mandate, openOrganisation } from '../setup/organisation.ts'
import { openPerson } from '../setup/person.ts'
import { cannotRun } from '../setup/parts.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { commandLine } from './in-process.ts'
import { sealedAsGenuine } from '../setup/sealed.ts'

const commands = await allCommands()

/** CSI as one byte and as two, a title, directions, a joiner, a tag. Private use, unassigned, a lone surrogate, line ends. */
const hostile =
  'x\u{9b}31mX\u{202e}Y\u{1b}[2J\u{7}\u{200d}\u{e0041}\u{e000}\u{378}\u{2028}\u{85}\rQ\tT\nZwhole line\u{0}'
/** Characters without a shape; a lone surrogate can only be in JSON. */
const shapeless = /[\p{C}\p{Zl}\p{Zp}]/u

function expectClean(text: string, what: string): void {
  expect(text.replaceAll('\n', '').match(shapeless), what).toBeNull()
  expect(text.match(/^Zwhole/m), `${what}: a line of a stranger's own`).toBeNull()
}

/** Valid arguments for a command. */
function argumentsOf(command: Command, word: string, file: string): string[] {
  const given = Object.entries(command.fields).flatMap(
    ([name, { type, positional, required, choices, placeholder }]) => {
      // files go to the directory of the test
      const text = /^(FILE|DIRECTORY)/.test(placeholder ?? '') ? file : word
      if (positional) return [text]
      if (!required || type === 'secret') return []
      return [`--${name}=${choices?.[0] ?? (type === 'number' ? '1' : text)}`]
    },
  )
  return [...nameOf(command).split(' '), ...given]
}

/** `client check` waits for a portal; its output uses the same functions. */
const tried = commands.filter((command) => nameOf(command) !== 'client check')

type Line = ReturnType<typeof commandLine>

/** Runs every command for people and for programs, with every given word. */
async function runAll(line: Line, words: readonly string[], label: string): Promise<number> {
  let hostileAnswers = 0
  for (const command of tried) {
    for (const word of words) {
      for (const format of [[], ['--json']]) {
        const argv = [...argumentsOf(command, word, join(line.directory, hostile.replaceAll('\0', ''))), ...format]
        const { out, err } = await line.yidengWith('Nanshan-7-lychee\n', ...argv)
        expectClean(out + err, `${label}: ${JSON.stringify(argv)}`)
        if (/\\u\{?9b/.test(out + err)) hostileAnswers += 1
      }
    }
  }
  return hostileAnswers
}

/** A store with hostile text in every field that a person can write, put there without the rules. */
async function hostileStore(line: Line): Promise<string[]> {
  const ids = await line.withServices(async (services) => {
    const person = await openPerson(services, { name: '关丽' })
    await services.administrators.grant({ personId: person.id, role: 'admin', region: '440000' }, hostile)
    const portal = await services.clients.create(
      { name: '深圳市政务服务网', redirect_uris: ['https://www.sz.example/callback'] },
      'administrator:test',
    )
    if (!portal.ok) throw new Error('the portal was refused')
    const organisation = await openOrganisation(services)
    await mandate(services, organisation.id, organisation.representative, person)
    const input = { id: person.id, reason: hostile }
    const approval = await services.approvals.request({
      command: 'person reveal',
      input,
      region: undefined,
      requestedBy: person.id,
    })
    for (const event of ['login.refused', 'administrator.acted', 'client.updated'] as const) {
      await services.audit.record({
        event,
        actor: hostile,
        clientId: hostile,
        details: { target: hostile, [hostile]: [hostile] },
        restricted: { address: hostile, browser: hostile },
      })
    }
    const { cipher } = services.dataKeys
    for (const column of ['name', 'username', 'phone', 'document_number'] as const) {
      const sealed = cipher.seal(hostile, fieldAad(column, person.id))
      await services.database
        .updateTable('natural_persons')
        .set({ [column]: sealed })
        .where('id', '=', person.id)
        .execute()
    }
    const { metadata } = await services.database.selectFrom('clients').select('metadata').executeTakeFirstOrThrow()
    const changed = { ...(JSON.parse(metadata) as object), name: hostile, organisation: hostile, uri: hostile }
    await services.database
      .updateTable('clients')
      .set({ metadata: JSON.stringify(changed) })
      .execute()
    await sealedAsGenuine(services)
    return [person.id, portal.client.id, organisation.id, approval?.id ?? '']
  })
  return ids
}

/** Replaces every text column that is not needed to find the row. */
function spoil(line: Line): void {
  const sqlite = new DatabaseSync(join(line.environment['YIDENG_DATA_DIR'] ?? '', 'yideng.sqlite'))
  sqlite.exec('PRAGMA foreign_keys = OFF')
  const kept = new Set(['id', 'person_id', 'key', 'status', 'state', 'sequence'])
  for (const table of Object.keys(columnMarks).filter((name) => name !== 'house')) {
    for (const column of sqlite.prepare('select name, type from pragma_table_info(?)').all(table)) {
      if (String(column['type']).toLowerCase() !== 'text' || kept.has(String(column['name']))) continue
      try {
        sqlite.prepare(`update ${table} set ${String(column['name'])} = ?`).run(hostile)
      } catch {
        // a constraint refuses the text
      }
    }
  }
  sqlite.close()
}

const listen = (server: Server | ReturnType<typeof createTcpServer>) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
    afterFile(() => void server.close())
  })

describe('no character without a shape reaches a terminal', () => {
  it('from the store, for every command', { timeout: 240_000 }, async () => {
    const line = commandLine()
    const ids = await hostileStore(line)
    const list = await line.yideng('approval', 'list')
    expect(list.out).toContain('\\u{9b}31mX\\u{202e}Y')
    const trail = await line.yideng('audit', 'list', '--restricted')
    expect(trail.out).toContain('\\u{9b}31mX\\u{202e}Y')
    // programs get the same text as JSON
    const { out } = await line.yideng('audit', 'list', '--restricted', '--json')
    expect(
      (JSON.parse(out) as { restricted?: { browser?: string } }[]).map((one) => one.restricted?.browser),
    ).toContain(hostile)
    expect(await runAll(line, ids, 'hostile store')).toBeGreaterThan(20)
    spoil(line)
    expect(await runAll(line, ids, 'spoiled store')).toBeGreaterThan(10)
  })

  it('from the arguments, for every command', { timeout: 120_000 }, async () => {
    const line = commandLine()
    expect(await runAll(line, [hostile.replaceAll('\0', '')], 'typed')).toBeGreaterThan(10)
    for (const argv of [[hostile], ['client', hostile], ['client', 'list', `--${hostile}`]]) {
      const { err } = await line.yideng(...argv)
      expectClean(err, JSON.stringify(argv))
    }
  })

  it('from a setting', async () => {
    for (const name of [
      'YIDENG_ISSUER',
      'YIDENG_DATA_DIR',
      'YIDENG_DATABASE_URL',
      'YIDENG_BREACHED_PASSWORDS',
      'PORT',
    ]) {
      const line = commandLine({ environment: { [name]: hostile.replaceAll('\0', '') } })
      if (name === 'YIDENG_DATA_DIR') line.environment[name] = `/dev/null/${hostile.replaceAll('\0', '')}`
      const { code, err } = await line.yideng('client', 'list')
      expect(code, name).toBe(1)
      expectClean(err, name)
    }
  })

  it.skipIf(cannotRun('PostgreSQL'))('from the errors of a database', async () => {
    const said = Buffer.from(`SFATAL\0C28P01\0M${hostile.replaceAll('\0', '')}\0\0`)
    const length = Buffer.alloc(4)
    length.writeInt32BE(said.length + 4)
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, said])))
    })
    const port = await listen(server)
    const line = commandLine({
      environment: { YIDENG_DATABASE_URL: `postgres://a:b@127.0.0.1:${port}/c?sslmode=disable` },
    })
    for (const format of [[], ['--json']]) {
      const { code, err } = await line.yideng('client', 'list', ...format)
      expect(code).toBe(1)
      expectClean(err, 'postgres')
      expect(err).toMatch(/\\u\{?9b|\\u009b/)
    }
  })

  it('from the answers of a remote server', async () => {
    const answers: { status: number; body: unknown }[] = [
      { status: 200, body: { document: { [hostile]: hostile }, notes: [hostile], fault: hostile } },
      { status: 200, body: { document: [], shown: [hostile, `\u{1b}]0;${hostile}`] } },
      { status: 200, body: { document: [], shown: { columns: [hostile, 'B'], rows: [[hostile, hostile]] } } },
      { status: 400, body: { kind: 'invalid', problems: [{ field: hostile, message: hostile }] } },
      { status: 403, body: { kind: 'forbidden', title: hostile, reference: hostile } },
      { status: 500, body: hostile },
    ]
    let answer = answers[0]
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.url?.startsWith('/.well-known/')) {
        const at = (path: string) => `${origin}${path}`
        response.end(
          JSON.stringify({
            issuer: origin,
            token_endpoint: at('/token'),
            device_authorization_endpoint: at('/device'),
          }),
        )
        return
      }
      if (request.url === '/device') {
        const code = { device_code: 'a', user_code: hostile, verification_uri: hostile, expires_in: 600, interval: 1 }
        response.end(JSON.stringify(code))
        return
      }
      if (request.url === '/token') {
        response.statusCode = 400
        response.end(JSON.stringify({ error: hostile, error_description: hostile }))
        return
      }
      response.statusCode = answer?.status ?? 500
      response.end(JSON.stringify(answer?.body))
    })
    const origin = `http://127.0.0.1:${await listen(server)}`
    const home = temporaryDirectory()
    const line = commandLine({ environment: { XDG_CONFIG_HOME: home } })
    const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    const jwks = await Promise.all([privateKey, publicKey].map((key) => crypto.subtle.exportKey('jwk', key)))
    mkdirSync(join(home, 'yideng'))
    // without a sign-in: the code, and the refusal
    const began = await line.yideng('client', 'list', '--server', origin)
    expect(began.code).toBe(1)
    expectClean(began.out + began.err, 'device flow')
    expect(began.err).toContain('\\u{9b}31m')
    const signIn = { server: origin, accessToken: 'a', expiresAt: Date.now() + 3_600_000 }
    const file = `${new URL(origin).protocol}${new URL(origin).host}.json`.replaceAll(/[^\w.-]/g, '_')
    writeFileSync(join(home, 'yideng', file), JSON.stringify({ ...signIn, privateKey: jwks[0], publicKey: jwks[1] }))
    for (answer of answers) {
      for (const format of [[], ['--json']]) {
        const { out, err } = await line.yideng('client', 'list', '--server', origin, ...format)
        expectClean(out + err, JSON.stringify(answer))
        if (answer.status < 500 && !(out === '[]\n')) expect(out + err).toMatch(/\\u\{?9b|\\u009b/)
      }
    }
  })

  it('but Chinese, rare characters, emoji and a lone surrogate are shown as before', async () => {
    const line = commandLine()
    for (const name of ['𠮷野家', '㐀㐁', '𰻝面', '😀 广东', 'Ñandú', '中文·名']) {
      const { err } = await line.yideng('client', 'show', name)
      expect(err).toContain(JSON.stringify(name))
    }
    const { err } = await line.yideng('client', 'show', 'a\ud800b')
    expectClean(err, 'half a pair')
  })
})

/** The escaping function protects only if no output bypasses it. */
it('writes to a terminal in few places, each through the escaping function', () => {
  const files = ['src', 'examples'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(root, name)),
  )
  const lines = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((text) => /console\.\w+\(|(?:stdout|stderr|prompt)\.write\(/.test(text) && !/^ *[*/]/.test(text))
      .map((text) => `${file}: ${text.trim()}`),
  )
  expect(lines.length).toBeGreaterThan(5)
  // text that run.ts escaped before, a bar of numbers, constant text
  const through = /terminalText|visible|reasonOf|\.write\(text\)|'#'\.repeat|\('[^'$`]*'\)$/
  expect(lines.filter((text) => !through.test(text))).toEqual([])
})
