import type { JSONWebKeySet } from 'jose'
import { beforeEach, expect, it } from 'vitest'
import { publicKeySet } from '../../../src/keys/signing-keys.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { commandLine, unansweredIssuer } from '../../cli/in-process.ts'
import { everyOldKind, startOldSystems } from '../../setup/upstreams/kinds.ts'
import { upstreamsFile } from '../../setup/upstreams/open.ts'

let keySet: JSONWebKeySet = { keys: [] }
const old = await startOldSystems({ issuer: unansweredIssuer.YIDENG_ISSUER, keySet: () => keySet })
const anna = { subject: 'a', name: '', number: '', phone: '', level: '' }

beforeEach(() => {
  old.well()
  old.visitedBy(anna)
})

const lineWith = (keys: Record<string, string> = {}) => {
  const file = upstreamsFile(Object.values(old.rows), { ...old.keys, ...keys })
  return commandLine({ environment: { YIDENG_UPSTREAMS: file, ...unansweredIssuer } })
}

it.each(everyOldKind)('a whole trial sign-in at %s finds no fault', async (kind) => {
  const line = lineWith()
  const { keysDir } = readSettings(line.environment)
  keySet = publicKeySet(keysDir, Date.now)
  const { out, code } = await line.yideng('upstream', 'check', old.rows[kind].id, '--json')
  expect(JSON.parse(out)).toMatchObject({ works: true, checks: [{ state: 'ok' }, { state: 'ok' }] })
  expect(code).toBe(0)
})

it('a trial finds a wrong secret', async () => {
  const { out, code } = await lineWith({ 'tif-secret': 'wrong' }).yideng('upstream', 'check', 'tif', '--json')
  expect(JSON.parse(out)).toMatchObject({ works: false, checks: [{ state: 'ok' }, { state: 'fail' }] })
  expect(code).toBe(1)
})

it.each(['cas-json', 'cas-xml'] as const)('a trial finds that %s has another address', async (kind) => {
  old.systems[kind].fail('serviceValidate', 'page')
  const { out, code } = await lineWith().yideng('upstream', 'check', old.rows[kind].id, '--json')
  expect(JSON.parse(out)).toMatchObject({ works: false, checks: [{ state: 'ok' }, { state: 'fail' }] })
  expect(code).toBe(1)
})

it('a trial finds an adapter that has other keys of ours', async () => {
  keySet = { keys: [] }
  const { out, code } = await lineWith().yideng('upstream', 'check', 'adapter', '--json')
  expect(JSON.parse(out)).toMatchObject({ works: false, checks: [{ state: 'fail' }, { state: 'fail' }] })
  expect(code).toBe(1)
})
