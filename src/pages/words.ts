import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Language, languages } from './languages.ts'

/** The words of a key `area.key`, with `{name}` filled from the parameters; plain text, not escaped for HTML. */
export type Translate = (key: string, parameters?: Record<string, string | number>) => string

/**
 * Reads every `<viewsDir>/words/<language>/<area>.json` once.
 * The translators throw a plain Error naming key and language where words or a parameter are missing.
 */
export function loadWords(viewsDir: string): (language: Language) => Translate {
  const translators = new Map(
    languages.map((language) => [language, translator(language, readWords(viewsDir, language))]),
  )
  return (language) => {
    const translate = translators.get(language)
    if (translate === undefined) throw new Error(`There are no words in ${language}`)
    return translate
  }
}

/** All words of one language, by `area.key`. @internal */
export function readWords(viewsDir: string, language: Language): Map<string, string> {
  const folder = join(viewsDir, 'words', language)
  const areas = readdirSync(folder).filter((file) => file.endsWith('.json'))
  return new Map(areas.flatMap((file) => readArea(join(folder, file))))
}

function readArea(file: string): [string, string][] {
  const area = basename(file, '.json')
  const words: unknown = JSON.parse(readFileSync(file, 'utf8'))
  return Object.entries(Object(words)).map(([key, text]) => {
    if (typeof text !== 'string') throw new Error(`The words of ${area}.${key} are not a string`)
    return [`${area}.${key}`, text]
  })
}

function translator(language: Language, words: Map<string, string>): Translate {
  return (key, parameters = {}) => {
    const text = words.get(key)
    if (text === undefined) throw new Error(`There are no words for ${key} in ${language}`)
    return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = parameters[name]
      if (value === undefined) throw new Error(`The words for ${key} in ${language} need a value for {${name}}`)
      return String(value)
    })
  }
}
