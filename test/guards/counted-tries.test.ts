import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { countedTries } from '../../src/guards/counted-tries.ts'

const home = new URL('../../', import.meta.url)
const source = new URL('src/', home)
const read = (file: string) => readFileSync(new URL(file, source), 'utf8')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && file !== 'guards/counted-tries.ts' && file !== 'guards/limits.ts',
)

const listed = countedTries.flatMap(({ names }) => names).toSorted()

/** Names of limits in the source: a literal, or built from the kind of attempts. */
function namesIn(text: string): string[] {
  const kinds = ['password-tries', 'recovery-tries', 'otp-tries']
  const budgeted = [...text.matchAll(/\.\.\.(?:\w+\.)?budgets\.\w+,\s*name: '([a-z-]+)'/g)].map(([, name = '']) => name)
  const ownNumbers = [...text.matchAll(/name: ([^,\n]+),\s*most/g)].flatMap(([, written = '']) => {
    const literal = /^'([a-z-]+)'$/.exec(written)?.[1]
    if (literal !== undefined) return [literal]
    if (written === 'kind') return kinds
    if (written === '`${kind}-known`') return kinds.map((kind) => `${kind}-known`)
    throw new Error(`a limit whose name cannot be read: ${written}`)
  })
  return [...budgeted, ...ownNumbers]
}

it('the list has every limit and every count of wrong attempts, with its subject', () => {
  const texts = files.map(read)
  const limits = texts.flatMap(namesIn)
  const kinds = texts.flatMap((text) =>
    [...text.matchAll(/[kK]ind(?::| =) '([a-z-]+-(?:tries|failures))'/g)].map(([, kind = '']) => kind),
  )
  expect([...new Set([...limits, ...kinds])].toSorted()).toEqual(listed)
})

it('nothing else counts in the artifact store', () => {
  const counting = files.filter(
    (file) =>
      /\.increment\(|createTries\(/.test(read(file)) && !file.startsWith('storage/') && file !== 'guards/limits.ts',
  )
  expect(counting.toSorted()).toEqual([
    // tokens asked for by force: this server waits, and no caller
    'channels/wechat-token.ts',
    'guards/account-tries.ts',
    'guards/phone-codes/day-budget.ts',
    'guards/tries.ts',
    'login/methods/password/spray-throttle.ts',
  ])
})

it.each(countedTries)('$what: the owner has a way, and a test shows it', ({ ownersWay, shownBy, names }) => {
  expect(ownersWay).not.toBe('')
  expect(existsSync(new URL(shownBy, home)), shownBy).toBe(true)
  expect(new Set(names).size).toBe(names.length)
})
