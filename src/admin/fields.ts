/** TypeScript type of each field type after parsing. */
interface Parsed {
  text: string
  number: number
  boolean: boolean
  list: string[]
  /** On the command line: the name of a JSON file. */
  json: unknown
  /** Never an argument: read from standard input, or asked for on the terminal. */
  secret: string
}

/** Input of any command, parsed by its fields. */
export type Input = Record<string, unknown>

/** One input of a command. */
export interface Field {
  type: keyof Parsed
  meaning: string
  /** Given by its position after the verb, not by a flag. */
  positional?: true
  required?: true
  default?: string | number
  choices?: readonly string[]
  /** Only on the server itself: it names a file there, or shows more than the role of the command may see. */
  local?: true
  /** Shown for the value in the help. */
  placeholder?: string
  /** A text of words: given twice, it has the words of both. */
  words?: boolean
}

export type Fields = Readonly<Record<string, Field>>

/** The parsed input of a command with these fields. */
export type Values<F extends Fields> = {
  [K in keyof F]: F[K] extends { required: true } | { default: string | number } | { type: 'boolean' }
    ? Parsed[F[K]['type']]
    : Parsed[F[K]['type']] | undefined
}

/** The flag of a field, without its hyphens. */
export const flagOf = (name: string, { type }: Field) => (type === 'secret' ? `${name}-stdin` : name)

/** The id of the object that a command reads or changes. */
export const idField = (of: string) =>
  ({ type: 'text', positional: true, required: true, placeholder: 'ID', meaning: `id of the ${of}` }) as const
