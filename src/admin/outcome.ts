/** Why a command was not done. `field` is a field of the command where the problem is about one. */
export interface Problem {
  field?: string
  message: string
}

export interface Table {
  columns: string[]
  rows: (string | number | null | undefined)[][]
}

/** The result of one check of `doctor`. */
export interface Check {
  state: 'ok' | 'warn' | 'fail'
  what: string
  finding: string
  /** What to do about it. */
  todo?: string
}

/** A line of a long answer with sections. */
export interface OutlineLine {
  /** 0 for a heading. */
  depth: number
  /** Texts and data: each text is translated by itself. */
  parts: readonly string[]
  /** It says what to do. */
  todo?: boolean
}

/** The answer of a command. Expected failures are values. */
export type Outcome =
  | {
      ok: true
      /** The whole answer, as JSON. */
      document: unknown
      /** The answer for people: a table, checks, an outline or lines. Without it the document is printed field by field. */
      shown?: Table | { checks: Check[] } | { outline: OutlineLine[] } | string[]
      /** Lines for people after the answer. */
      notes?: string[]
      /** Lines to copy or to pipe, after the others: never translated or wrapped. */
      raw?: string[]
      /** An address that people open on a telephone: the terminal can show it as a QR code. */
      link?: string
      /** A fault beside the answer: the exit code is 1. */
      fault?: string
    }
  | Failure

export interface Failure {
  ok: false
  kind: FailureKind
  problems: Problem[]
}

export type FailureKind = 'invalid' | 'not_found' | 'forbidden' | 'failed'

export const invalid = (...problems: Problem[]): Failure => ({ ok: false, kind: 'invalid', problems })

/** The input was valid and allowed, but the command could not be done. */
export const failed = (...messages: string[]): Failure => ({
  ok: false,
  kind: 'failed',
  problems: messages.map((message) => ({ message })),
})

export const forbidden = (message: string, field?: string): Failure => ({
  ok: false,
  kind: 'forbidden',
  problems: [{ message, ...(field === undefined ? {} : { field }) }],
})

export const notFound = (what: string, id: string): Failure => ({
  ok: false,
  kind: 'not_found',
  problems: [{ message: `There is no ${what} with the id ${JSON.stringify(id)}.` }],
})

/** A time in milliseconds since 1970 UTC, as ISO 8601. */
export const iso = (time: number) => new Date(time).toISOString()
