/** An element: text, or other elements. One that has both is refused. */
export interface XmlElement {
  /** As it is written, with its prefix. */
  name: string
  attributes: ReadonlyMap<string, string>
  text: string
  children: readonly XmlElement[]
}

const longest = 64 * 1024
const deepest = 8
const mostElements = 500

/** A tag, or the text before the next one. Quantifiers never meet, so the time is linear. */
const token =
  /<(\/?)([A-Za-z_][\w:.-]{0,127})((?:\s+[A-Za-z_][\w:.-]{0,127}\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y
const attribute = /([A-Za-z_][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g
const declaration = /^\u{feff}?(?:<\?xml\s[^<>?]{0,200}\?>)?/u

/** XML 1.0, 4.6; a document type is refused, so no other entity exists. */
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' }

interface Open {
  name: string
  attributes: Map<string, string>
  text: string
  children: XmlElement[]
}

/**
 * Reads a short XML document of elements, attributes and text (XML 1.0). It refuses a document type, comments, CDATA sections and
 * processing instructions. It knows the five entities of XML 1.0, 4.6, and references to characters.
 * @returns undefined for any other text, and for one that is too long or too deep
 */
export function readXml(document: string): XmlElement | undefined {
  if (document.length > longest) return undefined
  const root: Open = { name: '', attributes: new Map(), text: '', children: [] }
  const open = [root]
  let elements = 0
  token.lastIndex = declaration.exec(document)?.[0].length ?? 0
  while (token.lastIndex < document.length) {
    const found = token.exec(document)
    const above = open.at(-1)
    if (!found || !above) return undefined
    const [, end, name = '', attributes = '', alone, text] = found
    if (text !== undefined) {
      const plain = plainText(text)
      if (plain === undefined) return undefined
      above.text += plain
    } else if (end) {
      if (above.name !== name || attributes !== '' || alone || isMixed(above)) return undefined
      open.pop()
    } else {
      const made = { name, attributes: new Map<string, string>(), text: '', children: [] }
      if (!readAttributes(attributes, made.attributes) || ++elements > mostElements) return undefined
      above.children.push(made)
      if (!alone && open.push(made) > deepest + 1) return undefined
    }
  }
  const [only] = root.children
  return open.length === 1 && root.children.length === 1 && root.text.trim() === '' ? only : undefined
}

const isMixed = ({ text, children }: Open) => children.length > 0 && text.trim() !== ''

function readAttributes(text: string, into: Map<string, string>): boolean {
  for (const [, name = '', double, single = ''] of text.matchAll(attribute)) {
    const value = plainText(double ?? single)
    if (value === undefined || into.has(name)) return false
    into.set(name, value)
  }
  return true
}

/** Undefined for an unknown entity, and for a character that XML does not have (XML 1.0, 2.2). */
function plainText(text: string): string | undefined {
  let isWrong = text.includes(']]>')
  const plain = text.replaceAll(/&([^;&]{0,10};)?/g, (_all, reference: string | undefined) => {
    const value = reference === undefined ? undefined : referred(reference.slice(0, -1))
    isWrong ||= value === undefined
    return value ?? ''
  })
  // eslint-disable-next-line no-control-regex
  return isWrong || /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(plain) ? undefined : plain
}

function referred(name: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([\da-fA-F]{1,6})|(\d{1,7}))$/.exec(name) ?? []
  if (hex === undefined && decimal === undefined) return Object.hasOwn(entities, name) ? entities[name] : undefined
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  return code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : undefined
}
