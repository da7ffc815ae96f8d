import { z } from 'zod'
import { hasShapeless, holdsShapeless } from '../../text/visible.ts'
import type { Command, Field, Input, Problem } from '../command.ts'

const longestText = 4096
const mostEntries = 100

const anyText = z.string(`must be a text`).max(longestText, `is longer than ${longestText} characters`)
/** What is sent may stand in lists that other administrators read and decide by. */
const shapeless = 'has control, format or direction characters'
const text = anyText.refine((given) => !hasShapeless(given), shapeless)

const types = {
  text,
  secret: anyText.min(1, 'is missing'),
  number: z.int('must be a whole number').min(0, 'must be a whole number').max(999_999_999, 'is too large'),
  boolean: z.boolean('must be true or false'),
  list: z.array(text, 'must be a list of texts').max(mostEntries, `has more than ${mostEntries} entries`),
  json: z.unknown().refine((given) => !holdsShapeless(given), shapeless),
} satisfies Record<Field['type'], z.ZodType>

function faultOf({ type, choices }: Field, value: unknown): string | undefined {
  const parsed = types[type].safeParse(value)
  if (!parsed.success) return parsed.error.issues[0]?.message ?? 'is wrong'
  // an empty text takes a field away, as on the command line
  if (choices && value !== '' && !choices.includes(String(value))) return `must be one of: ${choices.join(', ')}`
  return undefined
}

/** The input of a command that came as JSON from afar: by the same fields, with the same defaults, as on the command line. */
export function readInput(
  { fields }: Command,
  body: unknown,
): { ok: true; input: Input } | { ok: false; problems: Problem[] } {
  const given = z.record(z.string(), z.unknown()).safeParse(body)
  if (!given.success) return { ok: false, problems: [{ message: 'The body must be one JSON object.' }] }
  const known = Object.entries(fields)
  const isStrange = (name: string, value: unknown) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    // the command line sends every switch, also those that are off
    return !field || (field.local && value !== false)
  }
  const strange = Object.keys(given.data).filter((name) => isStrange(name, given.data[name]))
  const problems: Problem[] = strange.map((field) => ({ field: field.slice(0, 64), message: 'is not known from afar' }))
  const input: Input = {}
  for (const [name, field] of known) {
    const value = given.data[name] ?? field.default ?? (field.type === 'boolean' ? false : undefined)
    const fault = value === undefined ? (field.required ? 'is missing' : undefined) : faultOf(field, value)
    if (fault !== undefined) problems.push({ field: name, message: fault })
    else if (value !== undefined) input[name] = value
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, input }
}
