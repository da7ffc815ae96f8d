import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allCommands } from '../../src/admin/commands.ts'
import { nameOf } from '../../src/admin/command.ts'
import { commandLine } from './in-process.ts'

const commands = await allCommands()

const create = ['client', 'create', '--name', '深圳市政务服务网', '--redirect-uri', 'https://www.sz.example/callback']

describe('help', () => {
  it.each([
    ['of everything', []],
    ['of everything', ['--help']],
    ['of everything', ['-h']],
    ['of a noun', ['client']],
    ['of a noun', ['client', '--help']],
    ['of a command', ['client', 'create', '--help']],
    ['of a command', ['help', 'client', 'create']],
  ])('%s has an example: %j', async (_what, argv) => {
    const { code, out, err } = await commandLine().yideng(...argv)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/Example\n {2}npx yideng client create/)
  })

  it.each(commands.map((command) => [nameOf(command), command] as const))(
    'of %s names every flag',
    async (name, command) => {
      const { code, out } = await commandLine().yideng(...name.split(' '), '--help')
      expect(code).toBe(0)
      expect(out).toContain(`Example\n  ${command.example}`)
      for (const [field, { meaning }] of Object.entries(command.fields)) {
        expect(out).toContain(meaning)
        expect(out).toMatch(command.fields[field]?.positional ? /Usage\n.* [A-Z]/ : `--${field}`)
      }
    },
  )
})

it('prints its version', async () => {
  const { out } = await commandLine().yideng('--version', '--json')
  expect(JSON.parse(out)).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+/), node: process.versions.node })
})

describe('wrong usage', () => {
  it.each([
    [['clients', 'list'], 'There is no "clients". Did you mean client?'],
    [['frobnicate'], 'There is no "frobnicate". Known are: client,'],
    [['client', 'lst'], '"client" cannot "lst". Did you mean list?'],
    [['client', 'list', '--jsn'], '"client list" has no flag --jsn. Did you mean --json?'],
    [
      ['client', 'create', '--name', 'a', '--redirect-urls', 'https://a.example'],
      'no flag --redirect-urls. Did you mean --redirect-uri?',
    ],
    [['client', 'create'], '--name is missing'],
    [['client', 'create', '--name'], '--name needs a value'],
    [['client', 'create', '--name', '--region', '440300'], '--name needs a value'],
    [['client', 'create', '--name', 'a', '--name', 'b'], '--name is given twice'],
    [['client', 'create', '--name', 'a', 'b'], '"b" is one word too many for "client create"'],
    [['client', 'show'], 'ID is missing'],
    [['client', 'show', 'a', 'b'], '"b" is one word too many'],
    [['client', 'update', 'a'], 'Nothing is given to change'],
    [[...create, '--type', 'desktop'], '--type "desktop" must be one of: web, native, spa, service'],
    [[...create, '--min-level', 'three'], '--min-level "three" must be one of: 2, 3, 4'],
    [[...create, '--jwks', 'no-such-file.json'], '--jwks "no-such-file.json" cannot be read: ENOENT'],
    [['person', 'list', '--limit', '-3'], '--limit needs a value'],
    [['person', 'list', '--limit=1.5'], '--limit "1.5" must be a whole number'],
    [['person', 'list', '--limit', '0'], '--limit must be between 1 and 1000'],
    [['register', 'import', 'a.csv'], '--kind is missing'],
    [['register', 'import', 'a.csv', '--kind', 'people', '--skip-bad=yes'], '--skip-bad takes no value'],
    [['doctor', 'now'], '"now" is one word too many for "doctor"'],
  ])('%j is told: %s', async (argv, message) => {
    const { code, out, err } = await commandLine().yideng(...argv)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
    expect(err).toMatch(/Help: npx yideng.* --help\n$/)
  })

  it('never repeats the word after an unknown flag: it may be a secret', async () => {
    const { code, err } = await commandLine().yideng('person', 'create', '--password', 'geheim-geheim')
    expect(code).toBe(2)
    expect(err).toContain('Did you mean --password-stdin?')
    expect(err).not.toContain('geheim')
  })

  it('is one JSON document on standard error with --json', async () => {
    const { code, out, err } = await commandLine().yideng(
      'client',
      'create',
      '--redirect-uri=http://a.example/',
      '--name=a',
      '--json',
    )
    expect({ code, out }).toEqual({ code: 2, out: '' })
    const message = expect.stringContaining('"http://a.example/" must begin with https://')
    expect(JSON.parse(err)).toEqual({
      error: { kind: 'invalid', message, problems: [{ field: '--redirect-uri', message }] },
    })
  })
})

it('takes --flag=value, and a JSON file with a byte order mark', async () => {
  const { directory, json } = commandLine()
  const file = join(directory, 'keys.json')
  writeFileSync(file, '\u{feff}{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b"}]}')
  const made = await json(...create, '--auth-method=private_key_jwt', `--jwks=${file}`)
  expect(made).toMatchObject({ auth_method: 'private_key_jwt', jwks: { keys: [{ kty: 'EC' }] } })
  expect(made).not.toHaveProperty('client_secret')
})

it('reports a wrong setting with the sentence of the setting', async () => {
  const { yideng } = commandLine({ environment: { YIDENG_ISSUER: 'http://a.example/' } })
  const { code, err } = await yideng('client', 'list')
  expect(code).toBe(1)
  expect(err).toMatch(/^The setting YIDENG_ISSUER="http:\/\/a\.example\/" must be an origin.*\n$/)
})
