import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { inEnglish } from '../../src/text/console-words.ts'
import { askTwice, readLine, type Terminal } from '../../src/cli/ask-secret.ts'

/** A terminal where a person types the next of the given keys for each question. */
function typing(...answers: string[]) {
  const raw: boolean[] = []
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  let shown = ''
  const write = (text: string) => {
    shown += text
    if (text.endsWith(': ')) setImmediate(() => input.write(answers.shift() ?? ''))
    return true
  }
  return { terminal: { input, prompt: { write } } as unknown as Terminal, raw, shown: () => shown }
}

describe('a secret from the terminal', () => {
  it('is typed twice and never shown', async () => {
    const { terminal, raw, shown } = typing('geheim 密码\r', 'geheim 密码\r')
    expect(await askTwice(terminal, 'password', inEnglish)).toEqual({ secret: 'geheim 密码' })
    expect(shown()).toBe('password: \npassword, once more: \n')
    expect(raw).toEqual([true, false, true, false])
  })

  it.each([
    ['with a key taken back', ['abx\u007fc\r', 'abc\n'], { secret: 'abc' }],
    ['differently', ['abc\r', 'abd\r'], { problem: 'The two differ, nothing was done.' }],
    ['and given up with Ctrl-C', ['ab\u0003'], { problem: 'Nothing was typed, nothing was done.' }],
    [
      'and given up at the second time with Ctrl-D',
      ['abc\r', '\u0004'],
      { problem: 'Nothing was typed, nothing was done.' },
    ],
  ])('typed %s', async (_how, answers, asked) => {
    expect(await askTwice(typing(...answers).terminal, 'password', inEnglish)).toEqual(asked)
  })
})

describe('a secret from standard input', () => {
  it.each([
    ['one line', ['geheim\n'], 'geheim'],
    ['no line break', ['geheim'], 'geheim'],
    ['a Windows line break', ['geheim\r\n'], 'geheim'],
    ['more lines', ['geheim\nmore\n'], 'geheim'],
    ['a character over two chunks', [Buffer.from('密').subarray(0, 1), Buffer.from('密').subarray(1)], '密'],
    ['spaces, which count', [' geheim \n'], ' geheim '],
    ['nothing', [], ''],
  ])('is the first line: %s', async (_what, chunks, secret) => {
    const input = (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk)
    })()
    expect(await readLine(input)).toBe(secret)
  })
})
