import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { z } from 'zod'

/** The list as plain JSON: read in a third of the time that unpacking the package's own form of it takes. */
const list = createRequire(import.meta.url).resolve('@zxcvbn-ts/language-common/src/passwords.json')
const shortestPassword = 8
const longestRepeated = 4

let loaded: ReadonlySet<string> | undefined

/**
 * Whether a prepared password is one that many people have: on the list of @zxcvbn-ts/language-common or on
 * config/common-passwords.txt, a short block over and over (88888888, 123123123), or a run (23456789, hgfedcba).
 * The first call takes about 25 ms and 1.5 MB to load the lists.
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
  const words = z.array(z.string()).parse(JSON.parse(readFileSync(list, 'utf8')))
  return words.filter((word) => word.length >= shortestPassword).map((word) => word.toLowerCase())
}

function chinese(): string[] {
  const lines = readFileSync(new URL('../../../config/common-passwords.txt', import.meta.url), 'utf8').split('\n')
  return lines.map((line) => line.trim().toLowerCase()).filter((line) => line !== '' && !line.startsWith('# '))
}

function isRepeated(text: string): boolean {
  for (let length = 1; length <= longestRepeated && length * 2 <= text.length; length += 1) {
    // moved by one block, a repeated text fits onto itself
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
