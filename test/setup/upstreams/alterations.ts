import fc from 'fast-check'
import { anna, bert, type OldKind } from './kinds.ts'

/** Names of members that the answers have, or that objects inherit. */
export const names = fc.constantFrom(
  'uid',
  'cn',
  'userobj',
  'usertype',
  'idcardnumber',
  'idcardtype',
  'telephonenumber',
  'creditable_level_of_account',
  'access_token',
  'error_code',
  'error',
  'serviceResponse',
  'authenticationSuccess',
  'user',
  'attributes',
  'proxies',
  'name',
  'id_number',
  'acr',
  'sub',
  'claims',
  '__proto__',
  'constructor',
)
/** Values of each wrong kind, and some of another person. */
export const values = fc.oneof(
  fc.constantFrom<unknown>(
    0,
    1,
    -1,
    12_345_678_901,
    '0',
    '',
    ' ',
    bert.subject,
    anna.subject.toUpperCase(),
    null,
    true,
  ),
  fc.constantFrom<unknown>([], {}, [anna.subject], { uid: bert.subject }, 'ä', '\u0000', '\ud800', 'x'.repeat(300)),
  fc.constantFrom<unknown>({ ['__proto__']: { uid: bert.subject, user: bert.subject } }, '张三', 'x'.repeat(2000)),
  fc.jsonValue(),
)

/** Gives a member another value, or takes it away, at each place of the document. */
function altered(document: unknown, name: string, value: unknown): unknown {
  if (typeof document !== 'object' || document === null) return document
  if (Array.isArray(document)) return document.map((one) => altered(one, name, value))
  const entries = Object.entries(document).map(([key, one]) => [key, key === name ? value : altered(one, name, value)])
  return Object.fromEntries(entries)
}

const onDocument = fc.record({ name: names, value: fc.option(values, { nil: undefined }) }).map(
  ({ name, value }) =>
    (text: string) =>
      isJson(text) ? JSON.stringify(altered(JSON.parse(text), name, value)) : text,
)

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const place = fc.nat({ max: 2000 })
const piece = fc.constantFrom(
  '"',
  '\\',
  '{',
  '}',
  ',',
  ':',
  '0',
  ' ',
  '<',
  '>',
  '&',
  '/',
  '&amp;',
  '<!DOCTYPE a>',
  '\ufeff',
  '"uid":"u-x",',
  '<cas:user>u-x</cas:user>',
  '</cas:user><cas:user>u-x',
  '"user":"u-x",',
  ']]>',
  '<!---->',
  '&#120;',
  'x',
)
/** Alters text: a piece more, or a piece less. */
export const onText = fc.oneof(
  fc.record({ at: place, more: piece }).map(({ at, more }) => (text: string) => {
    const index = at % (text.length + 1)
    return text.slice(0, index) + more + text.slice(index)
  }),
  fc.record({ at: place, length: fc.integer({ min: 1, max: 40 }) }).map(({ at, length }) => (text: string) => {
    const index = at % (text.length + 1)
    return text.slice(0, index) + text.slice(index + length)
  }),
)
const harmless = fc.constantFrom<(text: string) => string>(
  (text) => `${text}\r\n`,
  (text) => text,
)
/** Alters the text of an answer; some alterations change nothing that counts. */
export const alterations = fc
  .array(fc.oneof(onDocument, onText, harmless), { minLength: 1, maxLength: 3 })
  .map((all) => (text: string) => all.reduce((before, alter) => alter(before), text))

const unescaped = (text: string) =>
  text.replaceAll(/&(amp|lt|gt|quot|apos|#120|#034|#039);/g, (_all, name: string) => {
    const known: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#120': 'x', '#034': '"' }
    return known[name] ?? "'"
  })

/** The subject of an altered answer, read in another way than the server does. */
export const sentSubject: Record<Exclude<OldKind, 'adapter'>, (text: string) => unknown> = {
  tif: (text) => textual((JSON.parse(text) as { userobj: { uid: unknown } }).userobj.uid),
  'cas-json': (text) =>
    textual(
      (JSON.parse(text) as { serviceResponse: { authenticationSuccess: { user: unknown } } }).serviceResponse
        .authenticationSuccess.user,
    ),
  'cas-xml': (text) => {
    // an attribute may have this name too
    const outside = text.replace(/<cas:attributes[^]*<\/cas:attributes\s*>/, '')
    const users = [...outside.matchAll(/<cas:user\s*>([^<]*)<\/cas:user\s*>/g)]
    return users.length === 1 ? unescaped(users[0]?.[1] ?? '') : users
  },
}
const textual = (value: unknown) => (typeof value === 'number' ? String(value) : value)

/** Where the server learns who came. */
export const endpointOf = { tif: 'tokeninfo', 'cas-json': 'serviceValidate', 'cas-xml': 'serviceValidate' } as const
