const stepMs = 25

/**
 * Reads a value again until another request, perhaps of another process, has settled it.
 * @param most milliseconds to wait
 * @returns the settled value, or the last one when the time is over
 */
export async function readUntil<T>(
  read: () => Promise<T>,
  isSettled: (value: T) => boolean,
  { most }: { most: number },
): Promise<T> {
  let value = await read()
  for (let waited = 0; !isSettled(value) && waited < most; waited += stepMs) {
    await new Promise((resolve) => setTimeout(resolve, stepMs))
    value = await read()
  }
  return value
}
