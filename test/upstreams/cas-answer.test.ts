import { describe, expect, it } from 'vitest'
import { readCasJson, readCasXml } from '../../src/upstreams/cas-answer.ts'

const xml = (inner: string, name = 'cas:', declared = 'xmlns:cas="http://www.yale.edu/tp/cas"') =>
  `<${name}serviceResponse ${declared}>${inner}</${name}serviceResponse>`
const success = (inner: string) => xml(`<cas:authenticationSuccess>${inner}</cas:authenticationSuccess>`)
const json = (response: unknown) => JSON.stringify({ serviceResponse: response })
const invalid = { failure: 'answer_invalid' }

describe('the answer of a CAS server in XML', () => {
  it('names the user with the attributes; one that comes twice is a list', () => {
    const attributes = '<cas:name>张三</cas:name><cas:role>a</cas:role><cas:role>b</cas:role><cas:empty/>'
    const text = success(`<cas:user>anna &amp; bert</cas:user><cas:attributes>${attributes}</cas:attributes>`)
    expect(readCasXml(text)).toEqual({
      success: { user: 'anna & bert', attributes: { name: '张三', role: ['a', 'b'], empty: '' } },
    })
  })

  it('may have another prefix, or none', () => {
    const plain = '<authenticationSuccess><user>anna</user></authenticationSuccess>'
    expect(readCasXml(xml(plain, '', 'xmlns="http://www.yale.edu/tp/cas"'))).toHaveProperty('success.user', 'anna')
    const other = '<c:authenticationSuccess><c:user>anna</c:user></c:authenticationSuccess>'
    expect(readCasXml(xml(other, 'c:', 'xmlns:c="http://www.yale.edu/tp/cas"'))).toHaveProperty('success.user', 'anna')
  })

  it.each([
    ['no namespace', '<cas:serviceResponse><cas:authenticationSuccess/></cas:serviceResponse>'],
    ['another namespace', xml('<cas:authenticationSuccess/>', 'cas:', 'xmlns:cas="http://other.example"')],
    ['another root', '<html xmlns="http://www.yale.edu/tp/cas"><body/></html>'],
    ['no user', success('')],
    ['two users', success('<cas:user>anna</cas:user><cas:user>bert</cas:user>')],
    ['a user with elements', success('<cas:user><cas:user>anna</cas:user></cas:user>')],
    ['a user of another prefix', success('<user>anna</user>')],
    ['proxies', success('<cas:user>anna</cas:user><cas:proxies><cas:proxy>p</cas:proxy></cas:proxies>')],
    ['two lists of attributes', success('<cas:user>anna</cas:user><cas:attributes/><cas:attributes/>')],
    [
      'elements in an attribute',
      success('<cas:user>anna</cas:user><cas:attributes><cas:a><cas:b>c</cas:b></cas:a></cas:attributes>'),
    ],
    [
      'a success beside a failure',
      xml(
        '<cas:authenticationFailure code="INVALID_TICKET"/><cas:authenticationSuccess><cas:user>anna</cas:user></cas:authenticationSuccess>',
      ),
    ],
    ['an unknown failure', xml('<cas:authenticationFailure code="constructor"/>')],
  ])('is invalid with %s', (_what, text) => {
    expect(readCasXml(text)).toEqual(invalid)
  })
})

describe('the answer of a CAS server in JSON', () => {
  it('names the user with the attributes', () => {
    const given = { user: 'anna', attributes: { name: ['张三'], role: ['a', 'b'], id: 7 }, proxies: [] }
    expect(readCasJson(json({ authenticationSuccess: given }))).toEqual({
      success: { user: 'anna', attributes: { name: '张三', role: ['a', 'b'], id: '7' } },
    })
  })

  it.each([
    ['nothing', ''],
    ['another document', '{}'],
    ['neither', json({})],
    ['both', json({ authenticationSuccess: { user: 'anna' }, authenticationFailure: { code: 'INVALID_TICKET' } })],
    ['proxies', json({ authenticationSuccess: { user: 'anna', proxies: ['p'] } })],
    ['a list of attributes', json({ authenticationSuccess: { user: 'anna', attributes: [] } })],
    ['inherited members', '{"serviceResponse":{"__proto__":{"authenticationSuccess":{"user":"anna"}}}}'],
  ])('is invalid with %s', (_what, text) => {
    expect(readCasJson(text)).toEqual(invalid)
  })
})

it.each([
  ['INVALID_TICKET', 'code_refused'],
  ['INVALID_SERVICE', 'code_refused'],
  ['INVALID_REQUEST', 'misconfigured'],
  ['UNAUTHORIZED_SERVICE', 'misconfigured'],
  ['INTERNAL_ERROR', 'unavailable'],
  ['constructor', 'answer_invalid'],
])('the failure %s is known in both', (code, failure) => {
  expect(readCasXml(xml(`<cas:authenticationFailure code="${code}">no</cas:authenticationFailure>`))).toEqual({
    failure,
  })
  expect(readCasJson(json({ authenticationFailure: { code, description: 'no' } }))).toEqual({ failure })
})
