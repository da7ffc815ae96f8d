import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'
import { readUpstreams } from '../../src/upstreams/upstreams.ts'
import { commandLine, zhangSan } from '../cli/in-process.ts'
import { startCity } from '../setup/city.ts'
import { residentId } from '../setup/people.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { upstreamsFile } from '../setup/upstream-login.ts'

const page = readFileSync(new URL('../../docs/upstreams.md', import.meta.url), 'utf8')
const blocks = (kind: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${kind}\\n([^]*?)^\`\`\``, 'gm'))].map(([, code = '']) => code)

const commands = blocks('sh')
  .flatMap((code) => code.split('\n'))
  .filter((line) => line.startsWith('npx yideng '))
  .map((line) => line.slice('npx yideng '.length).split(' '))

describe('docs/upstreams.md', () => {
  it('has a file of upstreams for each kind that the server takes', () => {
    const examples = blocks('json')
    const kinds = examples.map((example) => {
      const directory = temporaryDirectory()
      for (const [, name = ''] of example.matchAll(/"(?:clientSecretFile|publicKeyFile)": "([^"]+)"/g))
        writeFileSync(join(directory, name), 'a secret of the test')
      const file = join(directory, 'upstreams.json')
      writeFileSync(file, example)
      return readUpstreams(readSettings({ YIDENG_UPSTREAMS: file })).map(({ kind }) => kind)
    })
    expect(kinds).toEqual([['oidc'], ['oauth2'], ['cas'], ['adapter']])
  })

  it('has commands that run as they are written', { timeout: 60_000 }, async () => {
    const city = await startCity('foshan')
    const { yideng, yidengWith, directory } = commandLine({
      environment: { YIDENG_UPSTREAMS: upstreamsFile([city.row()], city.secret) },
    })
    const document = { type: 'resident_id', number: residentId('440300199003071234'.slice(0, 17)) }
    const file = join(directory, 'foshan.jsonl')
    writeFileSync(file, `${JSON.stringify({ sub: 'u1', document, name: '陈大文', phone: '13900139005' })}\n`)
    const opened = await yidengWith(
      'a long password of 2026\n',
      'person',
      'create',
      ...zhangSan.map((one) => (one === 'zhangsan' ? 'lixiaolan' : one)),
      '--password-stdin',
    )
    expect(opened).toMatchObject({ code: 0 })
    expect(commands.length).toBeGreaterThanOrEqual(9)
    for (const argv of commands) {
      const { code, out, err } = await yideng(...argv.map((one) => (one === 'foshan.jsonl' ? file : one)))
      // these find faults of this store and city; a wrong command exits with 2
      const looks = ['doctor', 'check'].some((one) => argv.includes(one))
      expect(code, `${argv.join(' ')}: ${err}`).toBeLessThanOrEqual(looks ? 1 : 0)
      expect(out, argv.join(' ')).not.toBe('')
    }
  })
})
