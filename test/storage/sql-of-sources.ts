import { globSync, readFileSync } from 'node:fs'
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  expressionBuilder,
} from 'kysely'
import * as kysely from 'kysely'
import { parseSync } from 'oxc-parser'

/** One thing of SQL that a source file uses: a method of the query builder, an operator, a column type, or a word. */
export interface SqlUse {
  kind: 'method' | 'operator' | 'type' | 'word'
  name: string
  /** File and line. */
  where: string
  /** Of a method: on what it is called. */
  receiver?: string | undefined
}

const root = new URL('../../', import.meta.url)

interface Node {
  type: string
  start: number
  [field: string]: unknown
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value
const nodes = (value: unknown) => (Array.isArray(value) ? value.filter(isNode) : [])

const builders = /(Builder|Module|Wrapper)$|^(Kysely|QueryCreator|QueryFinalizer|Transaction|Command)$/

/** Every method of Kysely's builders, of this version of Kysely, so that a new one is known too. */
export function builderMethods(): Set<string> {
  const unconnected = new Kysely<{ any: object }>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (database) => new PostgresIntrospector(database),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  const classes = Object.entries(kysely).flatMap(([name, value]) =>
    typeof value === 'function' && builders.test(name) ? [value.prototype as object | undefined] : [],
  )
  const free = expressionBuilder<{ any: object }, 'any'>()
  const owners = [...classes, Object.getPrototypeOf(unconnected.selectFrom('any')) as object, free, free.fn, kysely.sql]
  const ofFunctions = new Set(['length', 'name', 'prototype', 'constructor'])
  const names = owners.flatMap((owner) => (owner ? Object.getOwnPropertyNames(owner) : []))
  return new Set(names.filter((name) => !ofFunctions.has(name)))
}

/** Functions that come out of an expression builder: `({ or, exists }) => or([…])`. */
const expressionNames = new Set(Object.getOwnPropertyNames(expressionBuilder<{ any: object }, 'any'>()))

/** Words and longer operators of an SQL text, without quoted names, values and parameters. */
export const wordsOf = (text: string): string[] =>
  text
    .replaceAll(/"[^"]*"|'[^']*'|\$\d+/g, ' ')
    .toLowerCase()
    .match(/[a-z_][a-z0-9_]*|::|[#-]>>?|@>|<@|\|\||&&|!?~\*?/g) ?? []

const operators = new Set(['where', 'having', 'on', 'orOn', 'eb', 'whereRef', 'onRef', 'havingRef'])
const typed = new Set(['addColumn', 'cast', 'modifyColumn', 'setDataType'])
const beginsAsSql =
  /^\s*(select|insert|update|delete|with|create|alter|drop|begin|commit|rollback|set local|generated|lock|listen|notify|merge|copy)\b/i
/** Only the embedded store gets these texts. */
const embeddedOnly = /sqlite_master|\browid\b|pragma|unixepoch|raise\(abort/i

const textOf = (node: Node | undefined): string | undefined => {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value']
  if (node?.type !== 'TemplateLiteral') return undefined
  return nodes(node['quasis'])
    .map((quasi) => (quasi['value'] as { cooked: string }).cooked)
    .join(' $1 ')
}

/** The literals that an expression may give: those of both ways of a condition. */
const literalsOf = (node: Node | undefined): (string | undefined)[] =>
  node?.type === 'ConditionalExpression'
    ? [node['consequent'], node['alternate']].flatMap((one) => literalsOf(isNode(one) ? one : undefined))
    : [textOf(node)]

const nameOf = (callee: unknown): string | undefined => {
  if (!isNode(callee)) return undefined
  if (callee.type === 'Identifier') return callee['name'] as string
  const property = callee['property']
  return callee.type === 'MemberExpression' && isNode(property) ? (property['name'] as string) : undefined
}

/** On what a method is called: `database` of `deps.database.with(…)`, `where()` of `….where(…).with(…)`. */
function receiverOf(callee: unknown): string | undefined {
  if (!isNode(callee)) return undefined
  const owner = callee['object']
  if (!isNode(owner)) return undefined
  const called = owner.type === 'CallExpression' ? nameOf(owner['callee']) : undefined
  return called === undefined ? nameOf(owner) : `${called}()`
}

const isSqlTag = (tag: unknown) => isNode(tag) && tag.type === 'Identifier' && tag['name'] === 'sql'

/** What one source file says in SQL. */
export function sqlOf(file: string, text: string, methods: ReadonlySet<string>): SqlUse[] {
  const { program } = parseSync(file, text)
  const usesBuilder = /from 'kysely'|from 'pg'|import\('pg'\)/.test(text)
  const uses: SqlUse[] = []
  const add = (kind: SqlUse['kind'], name: string, { start }: Node, receiver?: string) => {
    const line = text.slice(0, start).split('\n').length
    uses.push({ kind, name, where: `${file}:${line}`, receiver })
  }
  const addText = (sqlText: string, node: Node) => {
    if (embeddedOnly.test(sqlText)) return
    for (const word of wordsOf(sqlText)) add('word', word, node)
  }
  const call = (node: Node) => {
    const name = nameOf(node['callee'])
    if (name === undefined || !methods.has(name)) return
    add('method', name, node, receiverOf(node['callee']))
    const second = nodes(node['arguments'])[1]
    const given = nodes(node['arguments']).length
    if (operators.has(name) && given >= 3)
      for (const literal of literalsOf(second)) add('operator', literal ?? 'not a literal', node)
    if (typed.has(name)) for (const literal of literalsOf(second)) add('type', literal ?? 'not a literal', node)
  }
  const look = (value: unknown) => {
    if (Array.isArray(value)) for (const one of value) look(one)
    if (!isNode(value)) return
    if (value.type === 'CallExpression') call(value)
    if (value.type === 'TaggedTemplateExpression' && isSqlTag(value['tag']))
      addText(textOf(value['quasi'] as Node) ?? '', value)
    const literal = usesBuilder ? textOf(value) : undefined
    if (literal !== undefined && beginsAsSql.test(literal)) addText(literal, value)
    for (const [field, part] of Object.entries(value)) if (field !== 'loc') look(part)
  }
  look(program)
  return uses
}

/** Everything that src/ says to PostgreSQL. The files of the embedded store are left out. */
export function sqlOfSources(): SqlUse[] {
  const methods = builderMethods()
  const uses = globSync('src/**/*.ts', { cwd: root })
    .filter((file) => !/sqlite|backup-file|earlier-rows/.test(file))
    .flatMap((file) => sqlOf(file, readFileSync(new URL(file, root), 'utf8'), methods))
  return onBuilders(uses, methods)
}

/** Names that methods of JavaScript and of our own have too. */
const sharedNames = new Set(
  (
    '$if agg alias and any as at case cast check clone column columns compile connection count distinct dynamic end ' +
    'execute exists expression fetch from in join jsonPath key limit lit max min not offset on or over parens raw ref ' +
    'set stored sum table then transaction tuple union unique val values with'
  ).split(' '),
)

/** Methods that begin a chain, so that what they are called on is a builder in every file. */
const beginning = /^(selectFrom|insertInto|updateTable|deleteFrom|(create|alter)(Table|Index)|notNull|primaryKey)$/

/** The uses without calls of other objects' methods: a shared name counts only on objects that also get a clear one. */
export function onBuilders(uses: readonly SqlUse[], methods: ReadonlySet<string>): SqlUse[] {
  const fileOf = ({ where }: SqlUse) => where.split(':')[0] ?? ''
  const clear = uses.filter(({ kind, name }) => kind === 'method' && !sharedNames.has(name))
  const heads = clear.filter(({ name }) => beginning.test(name)).map(({ receiver }) => receiver)
  const everywhere = new Set([...heads, 'eb', 'fn'])
  // a function out of an expression builder is a builder too: `where.or([where('id', '=', id)])`
  const within = new Set(clear.map((use) => `${fileOf(use)} ${use.receiver ?? use.name}`))
  const files = new Set(clear.map(fileOf))
  const isOnBuilder = (use: SqlUse) => {
    const { name, receiver } = use
    if (receiver === undefined) return expressionNames.has(name) && files.has(fileOf(use))
    if (receiver.endsWith('()')) return methods.has(receiver.slice(0, -2))
    return everywhere.has(receiver) || within.has(`${fileOf(use)} ${receiver}`)
  }
  return uses.filter((use) => use.kind !== 'method' || !sharedNames.has(use.name) || isOnBuilder(use))
}
