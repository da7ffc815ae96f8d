import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCheckFiles } from '../../src/http/check-files.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { afterFile } from '../setup/after-file.ts'

const folderWith = (files: Record<string, string>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'yideng-check-'))
  afterFile(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

describe('the check files of vendors', () => {
  it('are read at the start, by names of letters, digits, hyphens and one ending', () => {
    const names = ['.hidden.txt', 'a.html', 'a b.txt', 'a.txt.bak', 'a.b.txt', '密.txt', 'README', 'A.TXT', '..txt']
    const folder = folderWith(Object.fromEntries(['MP_verify_x-1.txt', ...names].map((name) => [name, 'x'])))
    expect([...readCheckFiles(folder).keys()]).toEqual(['/MP_verify_x-1.txt', '/q/MP_verify_x-1.txt'])
    expect([...readCheckFiles('').keys()]).toEqual([])
  })

  it('may be links, as a mounted configuration has them', () => {
    const folder = folderWith({})
    mkdirSync(join(folder, '..data'))
    writeFileSync(join(folder, '..data', 'a.txt'), 'linked')
    symlinkSync(join('..data', 'a.txt'), join(folder, 'a.txt'))
    expect(readCheckFiles(folder).get('/q/a.txt')).toBe('linked')
  })

  it.each<[string, () => string, string]>([
    ['a folder that is not there', () => join(folderWith({}), 'none'), 'does not exist'],
    ['a file in place of a folder', () => join(folderWith({ a: '' }), 'a'), 'is a file'],
    [
      'a folder with the name of a file',
      () => {
        const folder = folderWith({})
        mkdirSync(join(folder, 'a.txt'))
        return folder
      },
      'must be a file',
    ],
    [
      'a file that is no text',
      () => {
        const folder = folderWith({})
        writeFileSync(join(folder, 'a.txt'), Buffer.from([0xff, 0xfe]))
        return folder
      },
      'is not UTF-8',
    ],
    ['a large file', () => folderWith({ 'large.txt': 'x'.repeat(1025) }), 'large.txt is larger than 1024 bytes'],
  ])('%s stops the start', (_, make, why) => {
    expect(() => readCheckFiles(make())).toThrow(/^The setting YIDENG_CHECK_FILES cannot be used: /)
    expect(() => readCheckFiles(make())).toThrow(why)
  })
})

describe('a server with a check file', () => {
  let server: RunningServer
  beforeAll(async () => {
    const folder = folderWith({ 'k3Jx0a9qPz.txt': '0123456789abcdef0123456789abcdef', 'secret.pem': 'private' })
    server = await startServer({ YIDENG_CHECK_FILES: folder })
  })

  it.each(['/k3Jx0a9qPz.txt', '/q/k3Jx0a9qPz.txt'])('sends it at %s as plain text', async (path) => {
    const answer = await fetch(server.issuer + path)
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789abcdef0123456789abcdef'])
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await fetch(server.issuer + path, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(server.issuer + path, { method: 'POST' })).status).not.toBe(200)
  })

  it.each([
    '/secret.pem',
    '/q/secret.pem',
    '/other.txt',
    '/q/other.txt',
    '/login/k3Jx0a9qPz.txt',
    '/K3JX0A9QPZ.txt',
    '/q/..%2fsecret.pem',
    '/q/%2e%2e/k3Jx0a9qPz.txt/',
  ])('sends nothing of the folder at %s', async (path) => {
    const answer = await fetch(server.issuer + path)
    expect(answer.status).not.toBe(200)
    expect(await answer.text()).not.toMatch(/private|0123456789abcdef/)
  })
})
