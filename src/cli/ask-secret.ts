import { StringDecoder } from 'node:string_decoder'
import type { ReadStream, WriteStream } from 'node:tty'
import type { ConsoleWords } from '../text/console-words.ts'
import { visible } from '../text/visible.ts'

/** The source of secrets and answers. */
export interface Terminal {
  input: Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'pause' | 'resume'> & AsyncIterable<Buffer>
  /** Standard error: standard output is for the answer of the command. */
  prompt: Pick<WriteStream, 'write'>
}

/** More than a person types. A large file, given by mistake, is not read to its end. */
const maxLineLength = 4096

/** One line of standard input, without its line break. */
export async function readLine(input: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of input) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maxLineLength || chunk.includes('\n')) break
  }
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split('\n')
  return line.replace(/\r$/, '')
}

/** Asks twice without echo. Ctrl-C and Ctrl-D cancel. */
export async function askTwice(
  terminal: Terminal,
  what: string,
  { say }: ConsoleWords,
): Promise<{ secret: string } | { problem: string }> {
  const first = await ask(terminal, `${say(what)}: `)
  const second = first && (await ask(terminal, say(`${what}, once more: `)))
  if (!first || second === undefined) return { problem: 'Nothing was typed, nothing was done.' }
  return first === second ? { secret: first } : { problem: 'The two differ, nothing was done.' }
}

function ask({ input, prompt }: Terminal, question: string): Promise<string | undefined> {
  prompt.write(visible(question))
  input.setRawMode(true)
  const decoder = new StringDecoder('utf8')
  return new Promise((resolve) => {
    const typed: string[] = []
    const end = (answer: string | undefined) => {
      input.off('data', read)
      input.setRawMode(false)
      input.pause()
      prompt.write('\n')
      resolve(answer)
    }
    const read = (chunk: Buffer) => {
      for (const character of decoder.write(chunk)) {
        if (character === '\r' || character === '\n') return end(typed.join(''))
        if (character === '\u0003' || character === '\u0004') return end(undefined)
        if (character === '\u007f' || character === '\b') typed.pop()
        else if (typed.length < maxLineLength) typed.push(character)
      }
      return undefined
    }
    input.on('data', read)
    input.resume()
  })
}
