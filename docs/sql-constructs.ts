import { readFileSync } from 'node:fs'
import { table } from './tables.ts'

/** The finding about a construct. `older`: PostgreSQL 9.2 has it already, and openGauss comes from that version. */
type State = 'same' | 'older' | 'differs' | 'none' | 'unread'
type Language = 'zh-CN' | 'en'

interface Opinion extends Partial<Record<Language, string>> {
  state: State
  sources?: string[]
}

interface Construct {
  sql: string
  /** The first version of PostgreSQL with all of it; at least 9.2. */
  since: string
  openGauss: Opinion
  kingbase: Opinion
}

/** SQL that the server sends to PostgreSQL; test/storage/sql-constructs.test.ts holds it complete. */
const { constructs, sources } = JSON.parse(readFileSync(new URL('sql.json', import.meta.url), 'utf8')) as {
  constructs: Construct[]
  sources: Record<string, { title: string; url: string }>
}

const words = {
  'zh-CN': {
    head: ['构造', 'PostgreSQL', 'openGauss', 'KingbaseES'],
    states: {
      same: '相同',
      older: '9.2 已有',
      differs: '**不同**',
      none: '**没有**',
      unread: '未读到',
    },
    between: '：',
    sources: '手册和文章（只读过，没有试过）：',
  },
  en: {
    head: ['Construct', 'PostgreSQL', 'openGauss', 'KingbaseES'],
    states: {
      same: 'same',
      older: 'in 9.2 already',
      differs: '**differs**',
      none: '**none**',
      unread: 'not found',
    },
    between: ': ',
    sources: 'Manuals and articles (read only, nothing tried):',
  },
} as const

const numbers = new Map(Object.keys(sources).map((id, index) => [id, index + 1]))

function cell(opinion: Opinion, language: Language): string {
  const { states, between } = words[language]
  const note = opinion[language]
  const cited = (opinion.sources ?? []).map((id) => `[${numbers.get(id)}](${sources[id]?.url})`)
  const said = note === undefined ? states[opinion.state] : `${states[opinion.state]}${between}${note}`
  return [said, ...cited].join(' ')
}

/** The table of constructs and the list of its sources. */
export function sqlConstructs(language: Language): string[] {
  const own = words[language]
  const rows = constructs.map(({ sql, since, openGauss, kingbase }) => [
    sql,
    since === '9.2' ? '≤ 9.2' : since,
    cell(openGauss, language),
    cell(kingbase, language),
  ])
  const list = Object.values(sources).map(({ title, url }, index) => `${index + 1}. [${title}](${url})`)
  return [...table(own.head, rows), '', own.sources, '', ...list]
}
