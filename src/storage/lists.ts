const listStep = 500
/** In rows of one statement. */
const rowsAtOnce = 25

/** The values of an `in (…)`, filled up with empty ones: lists of few lengths make few statements, and each prepared one keeps memory. */
export const padded = (values: readonly string[]): string[] => [
  ...values,
  ...Array.from({ length: Math.max(1, Math.ceil(values.length / listStep)) * listStep - values.length }, () => ''),
]

/** Rows to insert, some at a time: few lengths make few statements. */
export const groupsOf = <T>(rows: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, at) =>
    rows.slice(at * rowsAtOnce, (at + 1) * rowsAtOnce),
  )
