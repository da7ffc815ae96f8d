import { execFileSync, spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [jar] = globSync(join(homedir(), '.m2/repository/org/bouncycastle/bcprov-jdk18on/*/bcprov-jdk18on-*.jar'))

/** The library, where Maven has brought it (examples/sm2-verify/java) and this machine has Java. */
export const bouncyCastle = spawnSync('java', ['-version']).status === 0 ? jar : undefined

const program = fileURLToPath(new URL('./Guomi.java', import.meta.url))

/** Answers lines of `sign`, `verify`, `sm3` and `hmac` (Guomi.java), each with one line. */
export function inBouncyCastle(lines: readonly string[]): string[] {
  if (bouncyCastle === undefined) throw new Error('no Bouncy Castle')
  const words = ['-cp', bouncyCastle, program]
  const printed = execFileSync('java', words, { input: lines.join('\n'), encoding: 'utf8', maxBuffer: 1e8 })
  return printed.trimEnd().split('\n')
}
