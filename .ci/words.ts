/**
 * Finds retired words and long sentences (docs/GLOSSARY.md, CONTRIBUTING.md): words of our own where the field has one, and idioms
 * that neither a translator nor a non-native reader gets. Usage: node .ci/words.ts [--count] [path …]
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

interface Retired {
  pattern: RegExp
  use: string
}

/** Never in a name, a string or a comment. Names inside a store or the contract stay: `allowed` lists them. */
const inCode: Retired[] = [
  { pattern: /\bhouses?\b|[a-z]House|House[A-Z]|\bHouse\b/g, use: 'services, system, province' },
  { pattern: /\bdesks?\b|[a-z]Desk|\bDesk\b/g, use: 'CommandContext' },
  { pattern: /\bvisit(s|ed|Of|Parts)?\b|[a-z]Visit\b|\bVisit\b/g, use: 'RequestContext, request, AccountContext' },
  { pattern: /\bbelonging\b/g, use: 'keyFingerprint' },
  { pattern: /[Hh]indrance|\bhinder(s|ed)?\b/g, use: 'blockedBy, reason' },
  { pattern: /\bkeptId\b/g, use: 'hashId' },
  { pattern: /\bhears\b/g, use: 'isConnected, receives' },
  { pattern: /\bisAway\b|\bunlessAway\b/g, use: 'isUnavailable' },
  { pattern: /\bfreshFor\b/g, use: 'cached' },
  { pattern: /\bgoTo\b/g, use: 'redirectTo' },
  { pattern: /\bafar\b|FromAfar\b/g, use: 'remote, remotely' },
  { pattern: /\b[A-Z]\w*Parts\b/g, use: '…Deps, …Options' },
  { pattern: /[Bb]rake[sd]?\b|\bBraked?\b/g, use: 'throttle' },
]

/** Never in prose: comments, titles of tests, documents. */
const inProse: Retired[] = [
  { pattern: /\bwhoever\b|\bwhatever\b|\bwherever\b/gi, use: 'a noun: the caller, a stranger, any value' },
  { pattern: /\b(no|some|any|every)body\b/gi, use: 'a noun: no person, another process, every portal' },
  { pattern: /\bmeanwhile\b/gi, use: 'during that time, in between' },
  { pattern: /\banew\b/gi, use: 'again' },
  { pattern: /\bno more\b(?! than\b)/gi, use: 'no longer' },
  { pattern: /\bso (many|much|long|often)\b(?! as\b)/gi, use: 'the number or the setting' },
  { pattern: /\blies? in\b/gi, use: 'is in' },
  {
    pattern:
      /\bstands? (in|on|for|with|there|here|now|out|beside|behind|before|under|around|between|elsewhere|nowhere|alone|still|twice)\b|\bstood\b/gi,
    use: 'is in, means, replaces, is stored',
  },
  { pattern: /\b(is|was|are|were|be|being|went|goes?) away\b/gi, use: 'is unavailable' },
  // Relative clauses without a noun; questions ("Who may …?") are good English.
  {
    pattern:
      /((^|[.;:(] )who(se|m)?(?! (may|must|besides)\b)|\b(of|by|to|than|at) who(se|m)?|\bfor who(se)?) \w+(?![^.;:]*\?)/gi,
    use: 'a noun: the person who …, a caller that …',
  },
  {
    pattern:
      /((^|[.;:(] |\b(for|of|by|on|with|than|from|to|over|at|in|before|after) )what (is|was|are|were|has|had|may|can|cannot|could|does|did|comes?|came|goes|stays|stands?|lies|belongs|follows|ends|makes|begins|looks|needs|differs|fits|of|else)|\bwhat (is|was|are|were) (kept|said|told|asked|given|done|left|meant|due|needed|shown|taken|known|written|sent|read|there|held|put|changed|made|to be))\b(?![^.;:]*\?)/gi,
    use: 'a noun: the data, the values, the rows that …',
  },
  {
    pattern: /\b(tells?|told|says?|said) (so|it|them|of|over)\b|\b(tells?|told) apart\b/gi,
    use: 'reports, publishes, shows, receives, distinguishes',
  },
  { pattern: /\btrails?\b/gi, use: 'audit log' },
]

/** Names in a store or on the wire: older versions read them. */
const allowed = [
  /house\.braked/g,
  /src\/admin\/house\.ts/g,
  /(insertInto|selectFrom|updateTable|deleteFrom|createTable|blindIndex|add|get|remove|place|indexOf)\('house'/g,
  /columnDefinition|visitColumnDefinition/g,
  /(name|table) [!=]== 'house'/g,
  /^\s+house: .*/gm,
  /house\.value/g,
  /\|house\|/g,
  /password-tries-braked/g,
  /(into|table) house\b/g,
  /password-house/g,
]
const longestSentence = 20
/** Sources in parentheses do not count as words of a sentence. */
const citations = /\([^()]*\b(RFC|NIST|GB|OIDC|OpenID|WebAuthn|FIPS|section|docs)\b[^()]*\)/g

const files = (paths: string[]) =>
  execFileSync('git', ['ls-files', '--', ...paths], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter((file) => /\.(ts|mjs|js|eta|md|css)$/.test(file))
    .filter((file) => !/^(CHANGELOG|LICENSE)|^\.ci\/words|^docs\/(GLOSSARY|(en\/)?errors)/.test(file))

/** The comments and test titles of a source file, each with its offset. */
function commentsOf(text: string): { at: number; text: string }[] {
  const found: { at: number; text: string }[] = []
  for (const match of text.matchAll(/\/\*[\s\S]*?\*\/|(?<![:'"`\w\\])\/\/ .*(?:\n\s*\/\/ .*)*/g)) {
    const body = match[0]
      .replace(/^\s*(\/\*\*?|\*\/?|\/\/)/gm, ' ')
      .replace(/\*\/$/, '')
      .replace(/\n[ \t]+(?![@\n])/g, ' ')
      .replace(/`[^`\n]*`/g, 'x')
    found.push({ at: match.index, text: body.trimStart() })
  }
  for (const match of text.matchAll(/\b(?:it|describe|test)(?:\.\w+)*\(\s*(['"`])(.*?)\1/g))
    found.push({ at: match.index, text: match[2] ?? '' })
  return found
}

const proseOf = (file: string, text: string) =>
  file.endsWith('.md')
    ? [
        ...text
          .replace(/```[\s\S]*?```|^#.*$/gm, (block) => block.replace(/[^\n]/g, ' '))
          .matchAll(/[^\n]+(\n(?![-*#|>\n]|\d+\.)[^\n]+)*/g),
      ].map((match) => ({ at: match.index, text: match[0].replaceAll('**', '').replace(/`[^`]*`/g, 'x') }))
    : commentsOf(text)

const sentences = (text: string) =>
  text.split(/[.;:!?。；：](?=\s|$|\))|\n\s*\n|\n\s*@|\s\|\s|^\s*@/m).map((one) => one.trim())

interface Finding {
  file: string
  line: number
  text: string
}

function look(file: string): Finding[] {
  const text = readFileSync(file, 'utf8')
  const lineAt = (at: number) => text.slice(0, at).split('\n').length
  const code = allowed.reduce((left, pattern) => left.replace(pattern, (match) => '_'.repeat(match.length)), text)
  const found: Finding[] = []
  if (!file.endsWith('.md'))
    for (const { pattern, use } of inCode)
      for (const { index, 0: word } of code.matchAll(pattern))
        found.push({ file, line: lineAt(index), text: `${word.trim()}: ${use}` })
  for (const { at, text: prose } of proseOf(file, code)) {
    for (const { pattern, use } of file.endsWith('.md') ? [...inCode, ...inProse] : inProse)
      for (const { 0: word } of prose.matchAll(pattern))
        found.push({ file, line: lineAt(at), text: `"${word.trim()}": ${use}` })
    if (/[\u4e00-\u9fff]/.test(prose)) continue
    for (const sentence of sentences(prose)) {
      const words = sentence
        .replace(citations, '')
        .split(/\s+/)
        .filter((word) => /\w/.test(word)).length
      if (words > longestSentence)
        found.push({ file, line: lineAt(at), text: `${words} words: ${sentence.replace(/\s+/g, ' ').slice(0, 60)}…` })
    }
  }
  return found
}

const [first, ...rest] = process.argv.slice(2)
const counting = first === '--count'
const paths = counting ? rest : [first, ...rest].filter((path) => path !== undefined)
const found = files(
  paths.length > 0
    ? paths
    : ['src', 'test', 'bench', 'examples', 'browser', 'bin', 'docs', 'views/**/*.eta', '*.md', '*.ts', '.ci'],
).flatMap(look)
if (counting) {
  const sums = new Map<string, number>()
  for (const { file } of found) {
    const folder = file.split('/').slice(0, 2).join('/')
    sums.set(folder, (sums.get(folder) ?? 0) + 1)
  }
  for (const [folder, sum] of [...sums].sort((a, b) => b[1] - a[1])) process.stdout.write(`${sum} ${folder}\n`)
} else for (const { file, line, text } of found) process.stdout.write(`${file}:${line} ${text}\n`)
process.stdout.write(`${found.length} retired words or long sentences\n`)
process.exitCode = found.length > 0 ? 1 : 0
