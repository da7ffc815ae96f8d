type End = () => unknown

/** Shared by every helper of this process: a worker runs many files one after another. */
const ends: End[] = []

/** Has something ended after the tests of this file, what began last first. May be called from tests and hooks too. */
export function afterFile(end: End): void {
  ends.push(end)
}

/** @throws the first error of what could not be ended, after everything else was */
export async function endAll(): Promise<void> {
  const errors: unknown[] = []
  for (const end of ends.splice(0).toReversed()) {
    try {
      await end()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}
