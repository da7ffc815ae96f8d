import { nameOf, type Command } from '../../src/admin/command.ts'

/** The words of a command with a value for each argument that it needs. */
export function argumentsOf(command: Command, file: string): string[] {
  const given = Object.entries(command.fields).flatMap(
    ([name, { type, positional, required, choices, placeholder }]) => {
      const isFile = /^(FILE|DIRECTORY)/.test(placeholder ?? '')
      if (positional) return [isFile ? file : 'unknown-id']
      if (!required || type === 'secret') return []
      return [`--${name}=${choices?.[0] ?? (isFile ? `${file}-${name}` : '1')}`]
    },
  )
  return [...nameOf(command).split(' '), ...given]
}
