import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { applicationClauses } from '../../src/admin/mipin/application-clauses.ts'
import { environmentClauses } from '../../src/admin/mipin/environment-clauses.ts'
import { highRiskIds } from '../../src/admin/mipin/high-risks.ts'
import { managementClauses } from '../../src/admin/mipin/management-clauses.ts'
import { listed } from '../../src/admin/command-list.ts'

const root = new URL('../../', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, root), 'utf8')

const clauses = [...Object.values(environmentClauses).flat(), ...applicationClauses].map(({ id }) => id)
const firstCells = (text: string) => [...text.matchAll(/^\| ([^|]+?) \|/gm)].map(([, cell = '']) => cell)

describe.each(['docs/mipin.md', 'docs/en/mipin.md'])('%s', (file) => {
  it('explains every clause and every risk of the report, in its order', () => {
    const cells = firstCells(read(file))
    const ofClauses = cells.flatMap((cell) => /^8\.[1-4] [a-j](?= )/.exec(cell) ?? [])
    expect(ofClauses).toEqual(clauses)
    expect(cells.filter((cell) => /^[GL]\d$/.test(cell))).toEqual(highRiskIds)
  })

  it('has the range of each part of management', () => {
    const ranges = firstCells(read(file)).flatMap((cell) => {
      const [, part, first, last] = /^(8\.[5-8]) ([a-z])–([a-z]) /.exec(cell) ?? []
      return part === undefined ? [] : [`${part} ${first}`, `${part} ${last}`]
    })
    const parts = ['8.5', '8.6', '8.7', '8.8'].flatMap((part) => {
      const ids = managementClauses.map(({ id }) => id).filter((id) => id.startsWith(`${part} `))
      return [ids.at(0), ids.at(-1)]
    })
    expect(ranges).toEqual(parts)
  })

  it('names only commands that exist', () => {
    const commands = [...read(file).matchAll(/npx yideng ([a-z]+)(?: ([a-z-]+))?/g)].map(([, noun = '', verb]) =>
      noun in listed ? noun : `${noun} ${verb}`,
    )
    expect(commands.length).toBeGreaterThan(8)
    expect(commands.filter((name) => !(name in listed))).toEqual([])
  })
})

/**
 * Words of a claim that this software passed an assessment or has a certificate. What a product beside it must have is none:
 * 认证合格的密码产品, a certified gateway.
 */
const claims = [
  /已(?:经)?(?:通过|取得|获得|获|拿到|完成)[^。；\n|]{0,16}(?:密评|等保|测评|评测|认证|检测|备案|许可)/,
  /(?:通过|取得|获得|荣获)了[^。；\n|]{0,16}(?:密评|等保|测评|认证|检测)/,
  /(?:已认证|经过认证|认证通过|密评通过|等保通过|国密认证|官方认证|权威认证|符合密评|满足密评)/,
  /\b(?:is|are|was|been|fully|officially|we|Yideng) certified\b/i,
  /\bcertified (?:by|for|as|under|to)\b/i,
  /\b(?:has|have|had) (?:passed|obtained|received|got)\b[^.\n|]{0,40}(?:assessment|certificat|evaluation|audit)/i,
  /\b(?:FIPS 140|Common Criteria|EAL ?\d)\b/,
  /\b(?:fully|officially) compliant\b/i,
]

/** Sentences that say something else, by file and word for word. */
const honest: Readonly<Record<string, readonly string[]>> = {
  'docs/certificates.md': ['一登没有经过认证'],
  // vendors of face verification
  'docs/face.md': ['应交给活体检测经过认证的厂商'],
}

const documents = globSync(
  ['*.md', '{docs,examples,bench}/**/*.md', 'src/text/zh-CN/*.json', 'views/words/**/*.json'],
  {
    cwd: root,
    exclude: (name) => name === 'node_modules',
  },
)
const sources = globSync('src/admin/mipin/*.ts', { cwd: root })

const claimsIn = (text: string) =>
  text.split('\n').flatMap((line) => claims.flatMap((claim) => claim.exec(line)?.[0] ?? []))

describe('a claim of a certificate', () => {
  it('is in no document, page or report', () => {
    expect(documents.length).toBeGreaterThan(200)
    const found = [...documents, ...sources].flatMap((file) => {
      const text = (honest[file] ?? []).reduce((whole, sentence) => whole.replaceAll(sentence, ''), read(file))
      return claimsIn(text).map((claim) => `${file}: ${claim}`)
    })
    expect(found).toEqual([])
  })

  it('has only exceptions that are still there', () => {
    const gone = Object.entries(honest).flatMap(([file, sentences]) =>
      sentences.filter((sentence) => !read(file).includes(sentence)),
    )
    expect(gone).toEqual([])
  })

  it.each([
    '一登已通过密评。',
    '本系统已取得商用密码产品认证证书',
    '通过了三级等保测评',
    '国密认证的统一身份认证',
    'Yideng is certified by the OpenID Foundation.',
    'It has passed the assessment of level 3.',
    'a FIPS 140 module',
  ])('is seen in: %s', (text) => expect(claimsIn(text)).not.toEqual([]))

  it.each([
    '须由认证合格的密码产品保管密钥',
    'a certified product must hold the keys',
    '投入运行前进行密评，通过后方可运行',
  ])('is not seen in: %s', (text) => expect(claimsIn(text)).toEqual([]))
})
