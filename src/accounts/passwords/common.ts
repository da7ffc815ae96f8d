import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const list = createRequire(import.meta.url).resolve('@zxcvbn-ts/language-common/src/passwords.json')
const habits = new URL('../../../config/common-passwords.txt', import.meta.url)
const shortest = 8

let known: Set<string> | undefined

/** The commonest passwords of the world, and of this country (config/common-passwords.txt); read when first asked. */
function commonPasswords(): Set<string> {
  if (!known) {
    const world = JSON.parse(readFileSync(list, 'utf8')) as string[]
    const here = readFileSync(habits, 'utf8').split('\n')
    known = new Set(
      [...world, ...here].map((line) => line.trim().toLowerCase()).filter((line) => line.length >= shortest),
    )
  }
  return known
}

/** True for a lower-case password that an attacker tries first: a listed one, or one repeated character or pair. */
export function isCommonPassword(lower: string): boolean {
  return commonPasswords().has(lower) || /^(.{1,2})\1*$/u.test(lower)
}
