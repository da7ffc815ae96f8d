import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loginMethods } from '../login-methods.ts'
import type { Language } from './languages.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const common = here('../../views')

/** The folder of each login method; it holds the method's own views and words. */
const methodFolders = loginMethods.map(({ name }) => ({ name: `${name}/`, folder: here(`../login/methods/${name}`) }))

/** File of every view, by its name: `views/login/consent.eta` is `login/consent`, the view `ask` of the method qr is `qr/ask`. */
export function viewFiles(): ReadonlyMap<string, string> {
  const folders = [
    { name: '', folder: common },
    ...methodFolders.map(({ name, folder }) => ({ name, folder: join(folder, 'views') })),
  ]
  return new Map(
    folders.flatMap(({ name, folder }) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.eta'))
        .map((file): [string, string] => [`${name}${file.slice(0, -'.eta'.length)}`, join(folder, file)]),
    ),
  )
}

/** Files of words: those of one area, and those of one login method, whose words are in several areas. */
export function wordFiles(language: Language): { areas: string[]; methods: string[] } {
  const folder = join(common, 'words', language)
  return {
    areas: readdirSync(folder).map((file) => join(folder, file)),
    methods: methodFolders.map((method) => join(method.folder, 'words', `${language}.json`)),
  }
}
