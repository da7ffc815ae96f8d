type End = () => unknown

/** All helpers of this process share it: a worker runs many files one after another. */
const ends: End[] = []

/** Registers a function that runs after the tests of this file; the last one runs first. Tests and hooks may call it too. */
export function afterFile(end: End): void {
  ends.push(end)
}

/** Runs all registered functions. @throws the first of their errors, after the last function */
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
