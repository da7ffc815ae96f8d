import { describe, expect, it } from 'vitest'
import { nameOf } from '../../src/admin/command.ts'
import { allCommands } from '../../src/admin/commands.ts'
import { registrationFields } from '../../src/admin/clients/registration-fields.ts'
import { readArguments } from '../../src/cli/arguments.ts'
import { parseClientMetadata } from '../../src/clients/metadata.ts'

const commands = await allCommands()

/** The words of an example, split like a shell does, without redirections. */
const shellWords = (line: string) =>
  [...line.replace(/ [<>|].*$/, '').matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

describe.each(commands.map((command) => [nameOf(command), command] as const))('%s', (name, command) => {
  it('has an example that can be typed', () => {
    const [npx, yideng, ...words] = shellWords(command.example)
    expect([npx, yideng]).toEqual(['npx', 'yideng'])
    const own = name.split(' ')
    expect(words.slice(0, own.length)).toEqual(own)
    const rest = words.slice(own.length).filter((word) => word !== '--json')
    const read = readArguments(command, rest)
    // the files of an example do not exist
    const problems = read.ok ? [] : read.problems.filter(({ message }) => !message.endsWith('ENOENT'))
    expect(problems).toEqual([])
  })

  it('has a summary without a full stop, and is listed once', () => {
    expect(command.summary).toMatch(/^[a-z].*[^.]$/)
    expect(commands.filter((other) => nameOf(other) === name)).toHaveLength(1)
  })
})

describe('the choices of a registration are those of the metadata rules', () => {
  const chosen = Object.entries(registrationFields).flatMap(([name, field]) =>
    'choices' in field ? [[name, field] as const] : [],
  )
  it.each(chosen)('--%s', (name, field) => {
    const metadata = name.replaceAll('-', '_')
    const parsed = parseClientMetadata({ name: 'a', redirect_uris: ['https://a.example/'], [metadata]: 'none of them' })
    if (parsed.ok) throw new Error('the rules take anything')
    const named = parsed.problems[0]?.message.replace(/^must be (one of: )?/, '').split(/, | or /)
    expect(named).toEqual([...field.choices])
  })
})
