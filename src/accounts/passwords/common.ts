import { createRequire } from 'node:module'
import { z } from 'zod'
import { readJson, readText } from '../../config/machine-errors.ts'

/** The list as plain JSON: three times faster to read than the packed form of the package. */
const list = createRequire(import.meta.url).resolve('@zxcvbn-ts/language-common/src/passwords.json')
/** Read at the start, so that a missing file stops the start and no registration. */
const chineseList = readText(new URL('../../../config/common-passwords.txt', import.meta.url))
const shortestPassword = 8
const longestRepeated = 4

let loaded: ReadonlySet<string> | undefined

/**
 * Whether many people have this prepared password. It is on a list (@zxcvbn-ts/language-common,
 * config/common-passwords.txt). Or it repeats a short block (88888888, 123123123), or is a run (23456789, hgfedcba).
 * The first call loads the lists: about 25 ms and 1.5 MB.
 */
export function isCommonPassword(password: string): boolean {
  const lower = password.toLowerCase()
  return isRepeated(lower) || isRun(lower) || commonPasswords().has(lower)
}

function commonPasswords(): ReadonlySet<string> {
  loaded ??= new Set([...international(), ...chinese()])
  return loaded
}

function international(): string[] {
  const words = readJson(list, z.array(z.string()))
  return words.filter((word) => word.length >= shortestPassword).map((word) => word.toLowerCase())
}

function chinese(): string[] {
  return chineseList
    .split('\n')
    .map((line) => line.trim().toLowerCase())
    .filter((line) => line !== '' && !line.startsWith('# '))
}

function isRepeated(text: string): boolean {
  for (let length = 1; length <= longestRepeated && length * 2 <= text.length; length += 1) {
    // a repeated text without its first block is a prefix of itself
    if (text.startsWith(text.slice(length))) return true
  }
  return false
}

function isRun(text: string): boolean {
  const step = text.charCodeAt(1) - text.charCodeAt(0)
  if (Math.abs(step) !== 1) return false
  for (let index = 1; index < text.length; index += 1) {
    if (text.charCodeAt(index) - text.charCodeAt(index - 1) !== step) return false
  }
  return true
}
