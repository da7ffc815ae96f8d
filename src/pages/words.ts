import { basename } from 'node:path'
import { z } from 'zod'
import { readJson } from '../config/machine-errors.ts'
import { type Language, languages } from './languages.ts'
import { wordFiles } from './view-files.ts'

/** The words of a key `area.key`, with `{name}` filled from the parameters; plain text, not escaped for HTML. */
export type Translate = (key: string, parameters?: Record<string, string | number>) => string

/**
 * Reads all words once.
 * The translators throw a plain Error naming key and language where words or a parameter are missing.
 */
export function loadWords(): (language: Language) => Translate {
  const translators = new Map(languages.map((language) => [language, translator(language, readWords(language))]))
  return (language) => {
    const translate = translators.get(language)
    if (translate === undefined) throw new Error(`There are no words in ${language}`)
    return translate
  }
}

/**
 * All words of one language, by `area.key`: those of `views/words/<language>/<area>.json`, and those of each login method.
 * @throws Error for a key that two files have; UnusableFile for a damaged file
 */
export function readWords(language: Language): Map<string, string> {
  const { areas, methods } = wordFiles(language)
  const all = [
    ...areas.flatMap((file) => wordsOf(basename(file, '.json'), readJson(file, area))),
    ...methods.flatMap((file) =>
      Object.entries(readJson(file, z.record(z.string(), area))).flatMap(([name, words]) => wordsOf(name, words)),
    ),
  ]
  const words = new Map(all)
  if (words.size < all.length) {
    const twice = all.map(([key]) => key).filter((key, index, keys) => keys.indexOf(key) < index)
    throw new Error(`Two files have the words ${twice.join(', ')} in ${language}`)
  }
  return words
}

const area = z.record(z.string(), z.string())

const wordsOf = (name: string, words: z.infer<typeof area>) =>
  Object.entries(words).map(([key, text]): [string, string] => [`${name}.${key}`, text])

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
