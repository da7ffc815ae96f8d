import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** In bytes; a longer line is no account. */
const longestLine = 65_536
const newline = 10

/** A line of a file; `bytes` is undefined for one that is too long. */
export interface Line {
  number: number
  bytes: Buffer | undefined
}

/** SHA-256 of a file, and the number of its lines. */
export async function surveyFile(path: string): Promise<{ hash: string; lines: number }> {
  const hash = createHash('sha256')
  let lines = 0
  let last = newline
  for await (const chunk of createReadStream(path, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) lines += 1
    last = chunk.at(-1) ?? last
  }
  return { hash: hash.digest('hex'), lines: last === newline ? lines : lines + 1 }
}

/** The lines of a file, without their ends. Memory holds one piece of the file. */
export async function* linesOf(path: string): AsyncGenerator<Line[]> {
  let number = 0
  let held: Buffer[] = []
  let heldBytes = 0
  const line = (): Line => {
    number += 1
    const bytes = heldBytes > longestLine ? undefined : Buffer.concat(held)
    held = []
    heldBytes = 0
    return { number, bytes }
  }
  const hold = (part: Buffer) => {
    heldBytes += part.length
    // the rest of a line that is too long is not kept
    if (heldBytes <= longestLine) held.push(part)
  }
  for await (const chunk of createReadStream(path, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>) {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      hold(chunk.subarray(from, at))
      lines.push(line())
      from = at + 1
    }
    hold(Buffer.from(chunk.subarray(from)))
    yield lines
  }
  if (heldBytes > 0) yield [line()]
}
