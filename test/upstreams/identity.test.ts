import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readIdentity } from '../../src/upstreams/identity.ts'

const today = new Date('2026-11-30T00:00:00Z')
const oidc = {
  kind: 'oidc',
  claims: {},
  levels: { high: 3 },
  documentTypes: { 身份证: 'resident_id' },
  options: {},
} as const
const read = (answer: unknown, row: object = {}) => readIdentity({ ...oidc, ...row }, answer, today)
const number = '11010519491231002X'

test('the usual names of fields lead to the person', () => {
  const answer = {
    sub: 'a-1',
    name: ' 张 三 ',
    phone_number: '138 0013 8000',
    acr: 'high',
    id_type: '身份证',
    id_number: number,
  }
  expect(read(answer)).toEqual({
    subject: 'a-1',
    level: 3,
    name: '张三',
    phone: '+8613800138000',
    document: { type: 'resident_id', number },
  })
})

test('names with dots lead into an answer', () => {
  const row = { kind: 'oauth2', claims: { subject: 'userobj.uid', name: 'userobj.cn' } }
  expect(read({ userobj: { uid: 7, cn: '李四' } }, row)).toMatchObject({ subject: '7', name: '李四', level: 2 })
})

test.each([
  ['none', {}],
  ['an empty one', { sub: '' }],
  ['a number, of OpenID Connect', { sub: 7 }],
  ['a list', { sub: ['a'] }],
  ['an object', { sub: { toString: 'a' } }],
  ['256 characters', { sub: 'a'.repeat(256) }],
  ['half a character', { sub: 'a\ud800' }],
  ['the mark of unreadable bytes', { sub: 'a\ufffd' }],
  ['a control character', { sub: 'a\0' }],
  ['an inherited one', Object.create({ sub: 'a' })],
])('a subject that is no subject names no person: %s', (_title, answer) => {
  expect(read(answer)).toBeUndefined()
})

test.each([
  ['a list as name', { name: ['张三'] }],
  ['an object as phone', { phone_number: {} }],
  ['a number as document', { id_number: 1, id_type: 'resident_id' }],
  ['a name of a megabyte', { name: '张'.repeat(1 << 20) }],
  ['a level that is a list', { acr: ['high'] }],
])('a field of a wrong kind makes the whole answer unusable: %s', (_title, fields) => {
  expect(read({ sub: 'a', ...fields })).toBeUndefined()
})

test.each([
  ['a name with digits', { name: '张3' }],
  ['a phone of another form', { phone_number: '12' }],
  ['a phone that is not proven', { phone_number: '13800138000', phone_number_verified: false }],
  ['the same mark as a text', { phone_number: '13800138000', phone_number_verified: 'false' }],
  ['a wrong check digit', { id_type: 'resident_id', id_number: '110105194912310021' }],
  ['a document of an unknown type', { id_type: 'library card', id_number: number }],
  ['a document without a type', { id_number: number }],
  ['a level outside the map', { acr: '__proto__' }],
  ['fields that are null', { name: null, phone_number: null, id_number: null, id_type: null, acr: null }],
])('a malformed field is left out: %s', (_title, fields) => {
  expect(read({ sub: 'a', ...fields })).toEqual({ subject: 'a', level: 2 })
})

test('an upstream without types of documents may have one for all', () => {
  const row = { options: { documentType: 'resident_id' } }
  expect(read({ sub: 'a', id_number: number }, row)?.document).toEqual({ type: 'resident_id', number })
})

test('__proto__ is a name like others', () => {
  const answer: unknown = JSON.parse(`{"sub":"a","__proto__":{"name":"张三","acr":"high"}}`)
  expect(read(answer)).toEqual({ subject: 'a', level: 2 })
})

test('two systems that number their people beyond the exact numbers name no person', () => {
  const row = { kind: 'oauth2', claims: { subject: 'id' } }
  expect(read({ id: 2 ** 53 }, row)).toBeUndefined()
  expect(read({ id: 1.5 }, row)).toBeUndefined()
})

test('any answer is a person with exactly the subject that was sent, or no person', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.record({ sub: fc.string({ unit: 'binary' }) })), (answer) => {
      const found = read(answer)
      if (found) expect(found.subject).toBe((answer as { sub: unknown }).sub)
    }),
    { numRuns: 300 },
  )
})
