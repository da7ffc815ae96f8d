import { readFileSync } from 'node:fs'

/** Says a text in the language of the person at the terminal. */
export interface ConsoleWords {
  language: 'en' | 'zh-CN'
  /** A sentence or part of one. */
  say(text: string): string
  /** The heading of a column, or a state in a table. */
  name(text: string): string
}

/** The source of all texts: docs/decisions/0110-words-of-the-terminal.md. */
export const inEnglish: ConsoleWords = { language: 'en', say: (text) => text, name: (text) => text }

/** The language of a terminal (POSIX.1-2024, 8.2): the first of LC_ALL, LC_MESSAGES and LANG that is set. */
export function consoleWords(environment: Record<string, string | undefined>): ConsoleWords {
  const locale = environment['LC_ALL'] || environment['LC_MESSAGES'] || environment['LANG'] || ''
  return /^zh/i.test(locale) ? inChinese() : inEnglish
}

/**
 * The groups of texts, a file each.
 * @internal
 */
export const wordGroups = ['help', 'problems', 'answers', 'doctor', 'mipin'] as const

/**
 * A file of words: each English text with its translation.
 * @internal
 */
export const wordsOf = (group: (typeof wordGroups)[number] | 'names'): Record<string, string> =>
  JSON.parse(readFileSync(new URL(`zh-CN/${group}.json`, import.meta.url), 'utf8')) as Record<string, string>

let chinese: ConsoleWords | undefined

export function inChinese(): ConsoleWords {
  if (chinese) return chinese
  const names = new Map(Object.entries(wordsOf('names')))
  const say = translator(Object.assign({}, ...wordGroups.map(wordsOf)) as Record<string, string>)
  return (chinese = { language: 'zh-CN', say, name: (text) => names.get(text) ?? text })
}

interface Pattern {
  /** Made at its first use: a start of the command line must be quick. */
  form(): RegExp
  /** The order of the values in the English text. */
  places: string[]
  translation: string
  literals: number
  /** Of its literals the longest: a text without it cannot match. */
  mark: string
}

const placeholder = /\{\d\}/g
/** A longer text is data. */
const longestText = 1000
const deepest = 6

/** Between parts that are texts of their own, with the mark that Chinese sets there. */
const joints = [
  { between: /(?<=[.!?]) (?=\S)/, mark: '' },
  { between: /(?<=;) /, mark: '' },
  { between: /: /, mark: '：' },
  { between: /, /, mark: '，' },
]

/**
 * Translates by exact text, else by pattern, else part by part. Values that are texts are translated too.
 * @internal
 */
export function translator(entries: Readonly<Record<string, string>>): (text: string) => string {
  const exact = new Map(Object.entries(entries))
  const patterns = Object.entries(entries)
    .filter(([text]) => text.search(placeholder) >= 0)
    .map(patternOf)
    .sort((one, other) => other.literals - one.literals)

  /** The first words of patterns that say something about a subject. */
  const predicates = new Set(Object.keys(entries).flatMap((text) => /^[a-z]+(?= )/.exec(text) ?? []))

  const whole = (text: string, depth: number): string | undefined => {
    if (depth > deepest) return undefined
    return (
      exact.get(text) ??
      byPattern(text, depth) ??
      withoutStop(text, depth) ??
      afterSubject(text, depth) ??
      inParts(text, depth)
    )
  }
  const valueOf = (text: string, depth: number) => {
    const [before, middle, after] = trimmed(text)
    return before + (whole(middle, depth) ?? middle) + after
  }
  const byPattern = (text: string, depth: number) => {
    for (const { form, places, translation, mark } of patterns) {
      const values = text.includes(mark) ? form().exec(text)?.slice(1) : undefined
      if (!values) continue
      const byPlace = new Map(places.map((place, index) => [place, values[index] ?? '']))
      return translation.replaceAll(placeholder, (place) => valueOf(byPlace.get(place) ?? '', depth + 1))
    }
    return undefined
  }
  /** A sentence that is known as a part of sentences. */
  const withoutStop = (text: string, depth: number) => {
    const found = /^[^]*[^.…]\.$/.test(text) ? whole(text.slice(0, -1), depth + 1) : undefined
    return found && (/[。！？]$/.test(found) ? found : `${found}。`)
  }
  const inParts = (text: string, depth: number) => {
    for (const { between, mark } of joints) {
      const parts = text.split(between)
      if (parts.length < 2) continue
      const found = parts.map((part) => whole(part.replace(/;$/, ''), depth + 1))
      if (found.every((part) => part === undefined)) continue
      return parts.map((part, index) => (found[index] ?? part) + (part.endsWith(';') ? '；' : '')).join(mark)
    }
    return undefined
  }
  /** A name or value beside a text about it: `--region "99" is not a known region code`. */
  const afterSubject = (text: string, depth: number) => {
    for (let at = text.indexOf(' '); at > 0; at = text.indexOf(' ', at + 1)) {
      const [subject, rest] = [text.slice(0, at), text.slice(at + 1)]
      if (/[.!?;:,]$/.test(subject)) continue
      const found =
        exact.get(rest) ?? (predicates.has(rest.split(' ', 1)[0] ?? '') ? byPattern(rest, depth + 1) : undefined)
      if (found !== undefined) return `${subject} ${found}`
    }
    return undefined
  }
  return (text) => (text.length > longestText ? text : valueOf(text, 0))
}

function trimmed(text: string): [string, string, string] {
  const middle = text.trim()
  const at = text.indexOf(middle)
  return [text.slice(0, at), middle, text.slice(at + middle.length)]
}

function patternOf([text, translation]: [string, string]): Pattern {
  const literals = text.split(placeholder)
  let form: RegExp | undefined
  const escaped = () => literals.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`))
  return {
    form: () => (form ??= new RegExp(`^${escaped().join('([^]*?)')}$`, 'u')),
    places: text.match(placeholder) ?? [],
    translation,
    literals: literals.join('').length,
    mark: literals.reduce((longest, part) => (part.length > longest.length ? part : longest), ''),
  }
}
