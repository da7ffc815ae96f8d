/** Milliseconds for a whole call to an upstream: a person waits for it (upstream-client.ts). */
const patienceMs = 5000

/** @throws Error named TimeoutError, when the work is not done in time; what it still answers is dropped */
export async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DOMException('no answer in time', 'TimeoutError')), patienceMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
