import { readFileSync } from 'node:fs'
import { parseSync } from 'oxc-parser'

/** A node of the syntax tree (ESTree). */
interface Node {
  type: string
  [field: string]: unknown
}

const hole = '\u0001'
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value
const nodes = (value: unknown) => (Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [])

/** The text of a literal, of a template, or of their sum, with a hole for each value. */
function textOf(node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node['value'] === 'string' ? node['value'] : undefined
  if (node.type === 'TemplateLiteral') {
    const values = nodes(node['expressions']).map((value) => textOf(value) ?? hole)
    const literals = nodes(node['quasis']).map((quasi) => (quasi['value'] as { cooked: string }).cooked)
    return literals.map((literal, index) => literal + (values[index] ?? '')).join('')
  }
  if (node.type !== 'BinaryExpression' || node['operator'] !== '+') return undefined
  const [left, right] = [node['left'], node['right']].map((side) => (isNode(side) ? textOf(side) : undefined))
  return left === undefined && right === undefined ? undefined : (left ?? hole) + (right ?? hole)
}

const withoutTexts = /^(?:Import(?!Expression)|TSLiteralType|TaggedTemplateExpression|ExportAll)/

/** Every text of a source file, also inside the values of another, as a key of the words files. */
export function textsOfSource(file: string): string[] {
  const { program } = parseSync(file, readFileSync(file, 'utf8'))
  const texts: string[] = []
  const look = (value: unknown, within: boolean) => {
    if (Array.isArray(value)) for (const one of value) look(one, within)
    if (!isNode(value) || withoutTexts.test(value.type)) return
    if (value.type === 'Property' && isNode(value['key']) && value['key']['name'] === 'example') return
    const text = textOf(value)
    if (text !== undefined && !within) texts.push(text)
    // the literals of a sum or template are parts of its text
    for (const part of Object.values(value)) look(part, text !== undefined)
  }
  look(program, false)
  return texts.map(asKey)
}

/** The text with numbered placeholders, as a key of the words files. */
function asKey(text: string): string {
  let number = 0
  return text
    .replaceAll(/\$(?:HOST|PORT)\b/g, hole)
    .replaceAll(hole, () => `{${(number += 1)}}`)
    .trim()
}
