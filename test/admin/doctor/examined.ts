import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'
import { openCookieKeys } from '../../../src/keys/cookie-keys.ts'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import type { commandLine } from '../../cli/in-process.ts'

type Report = { well: boolean; checks: { state: string; what: string; finding: string; todo?: string }[] }
export type Line = ReturnType<typeof commandLine>

const create = ['client', 'create', '--name', 'a', '--redirect-uri', 'https://a.example/']
export const now = Date.UTC(2026, 10, 23)

/** The findings of doctor. */
export async function examine({ yideng }: Line) {
  const { code, out } = await yideng('doctor', '--json')
  const { well, checks } = JSON.parse(out) as Report
  const of = (state: string) => checks.filter((check) => check.state === state)
  return { code, well, checks, warnings: of('warn'), faults: of('fail') }
}

/** The state after the first start and the first portal. */
export async function startOf(line: Line) {
  await line.json(...create)
  await line.json('keys', 'list')
  openCookieKeys(file(line, 'keys'))
  await openSqliteArtifacts(file(line, 'data', 'artifacts.sqlite'), () => now).close()
  return line
}

export const file = (line: Line, ...path: string[]) => join(line.directory, ...path)

export function alter(line: Line, statement: string) {
  const sqlite = new DatabaseSync(file(line, 'data', 'yideng.sqlite'))
  sqlite.exec(statement)
  sqlite.close()
}

export const passkey = `PRAGMA foreign_keys = OFF; INSERT INTO authenticators (id, person_id, kind, data, created_at)
  VALUES ('k', 'p', 'passkey', '{}', ${now})`

/** A server with one answer for every request. */
export async function answeredBy(line: Line, status: number, body: string) {
  const server = createServer((_request, response) => response.writeHead(status).end(body))
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  onTestFinished(() => void server.close())
  line.environment['YIDENG_ISSUER'] = `http://localhost:${(server.address() as AddressInfo).port}`
}

/** Twenty people sign in. */
export const signedIn = (line: Line, address: (turn: number) => string) =>
  line.withServices(async ({ audit }) => {
    for (let turn = 0; turn < 20; turn += 1) {
      const personId = `person-${turn}`
      await audit.record({
        event: 'login.succeeded',
        actor: 'person',
        personId,
        restricted: { address: address(turn) },
      })
    }
  })
