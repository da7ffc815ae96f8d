import { z } from 'zod'
import { hasShapeless, holdsShapeless } from '../../text/visible.ts'
import type { Field, Fields, Input } from '../fields.ts'
import type { Problem } from '../outcome.ts'

const maxTextLength = 4096
const maxEntries = 100

const anyText = z.string(`must be a text`).max(maxTextLength, `is longer than ${maxTextLength} characters`)
/** Other administrators may see the text in a list and decide by it, so it must not control their terminal. */
const shapeless = 'has control, format or direction characters'
const text = anyText.refine((given) => !hasShapeless(given), shapeless)

const types = {
  text,
  secret: anyText.min(1, 'is missing'),
  number: z.int('must be a whole number').min(0, 'must be a whole number').max(Number.MAX_SAFE_INTEGER, 'is too large'),
  boolean: z.boolean('must be true or false'),
  list: z.array(text, 'must be a list of texts').max(maxEntries, `has more than ${maxEntries} entries`),
  json: z.unknown().refine((given) => !holdsShapeless(given), shapeless),
} satisfies Record<Field['type'], z.ZodType>

function faultOf({ type, choices }: Field, value: unknown): string | undefined {
  const parsed = types[type].safeParse(value)
  if (!parsed.success) return parsed.error.issues[0]?.message ?? 'is wrong'
  // an empty text removes a field, as on the command line
  if (choices && value !== '' && !choices.includes(String(value))) return `must be one of: ${choices.join(', ')}`
  return undefined
}

/** Reads the JSON input of a remote command, with the fields and defaults of the command line. */
export function readInput(
  { fields }: { fields: Fields },
  body: unknown,
): { ok: true; input: Input } | { ok: false; problems: Problem[] } {
  const given = z.record(z.string(), z.unknown()).safeParse(body)
  if (!given.success) return { ok: false, problems: [{ message: 'The body must be one JSON object.' }] }
  const isUnknown = (name: string, value: unknown) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    // the command line sends every boolean field, also the false ones
    return !field || (field.local && value !== false)
  }
  const unknown = Object.keys(given.data).filter((name) => isUnknown(name, given.data[name]))
  const problems: Problem[] = unknown.map((field) => ({
    field: field.slice(0, 64),
    message: 'is not a field of the remote command',
  }))
  const input: Input = {}
  for (const [name, field] of Object.entries(fields)) {
    const value = given.data[name] ?? field.default ?? (field.type === 'boolean' ? false : undefined)
    const fault = value === undefined ? (field.required ? 'is missing' : undefined) : faultOf(field, value)
    if (fault !== undefined) problems.push({ field: name, message: fault })
    else if (value !== undefined) input[name] = value
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, input }
}
