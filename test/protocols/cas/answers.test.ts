import { describe, expect, it } from 'vitest'
import { escapeXml, jsonAnswer, plainAnswer, xmlAnswer } from '../../../src/protocols/cas/answers.ts'
import { attributesOf } from '../../../src/protocols/cas/attributes.ts'
import { codeOf, ticketOf } from '../../../src/protocols/cas/cas-answer.ts'
import { logoutMessage } from '../../../src/protocols/cas/logout-message.ts'

const signIn = { signedInAt: 1_700_000_000, acr: 'urn:yideng:loa:3', amr: ['pwd', 'sms'], fresh: true }

describe('an answer in XML', () => {
  it('has user and attributes', () => {
    const attributes = attributesOf({ name: '张三', phone_number_verified: true }, signIn)
    expect(xmlAnswer({ user: 'u1', attributes })).toBe(
      '<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess><cas:user>u1</cas:user>' +
        '<cas:attributes><cas:authenticationDate>2023-11-14T22:13:20.000Z</cas:authenticationDate>' +
        '<cas:longTermAuthenticationRequestTokenUsed>false</cas:longTermAuthenticationRequestTokenUsed>' +
        '<cas:isFromNewLogin>true</cas:isFromNewLogin><cas:acr>urn:yideng:loa:3</cas:acr><cas:amr>pwd</cas:amr>' +
        '<cas:amr>sms</cas:amr><cas:name>张三</cas:name><cas:phone_number_verified>true</cas:phone_number_verified>' +
        '</cas:attributes></cas:authenticationSuccess></cas:serviceResponse>',
    )
  })

  it('has no attributes for CAS 2.0', () => {
    expect(xmlAnswer({ user: 'u1', attributes: undefined })).not.toContain('cas:attributes')
  })

  it.each([
    ['</cas:user><cas:user>admin', '&lt;/cas:user&gt;&lt;cas:user&gt;admin'],
    [']]>&amp;"\'', ']]&gt;&amp;amp;&quot;&apos;'],
    ['a\0b\u000bc\ufffe\ud800d', 'a\ufffdb\ufffdc\ufffd\ufffdd'],
    ['𠮷野', '𠮷野'],
  ])('escapes %j', (text, escaped) => {
    expect(escapeXml(text)).toBe(escaped)
    expect(xmlAnswer({ user: text, attributes: { name: text } })).toContain(`<cas:name>${escaped}</cas:name>`)
    expect(xmlAnswer({ code: 'INVALID_TICKET', description: text })).toContain(`"INVALID_TICKET">${escaped}</cas:`)
  })
})

it('an answer in JSON has the same parts', () => {
  expect(jsonAnswer({ user: 'u1', attributes: { name: '张三' } })).toEqual({
    serviceResponse: { authenticationSuccess: { user: 'u1', attributes: { name: '张三' } } },
  })
  expect(jsonAnswer({ code: 'INVALID_SERVICE', description: 'another' })).toEqual({
    serviceResponse: { authenticationFailure: { code: 'INVALID_SERVICE', description: 'another' } },
  })
})

it('an answer of CAS 1.0 is yes or no', () => {
  expect(plainAnswer({ user: 'u1', attributes: undefined })).toBe('yes\nu1\n')
  expect(plainAnswer({ code: 'INVALID_TICKET', description: 'no such' })).toBe('no\n\n')
})

describe('attributes', () => {
  it('have the parts of a representee, and nothing that is not a claim of the table', () => {
    const representee = { status: 'active', sub: 's', name: '深圳某公司', mandates: [{ id: '1' }] }
    const { authenticationDate: _date, ...attributes } = attributesOf({ sub: 'x', iss: 'y', representee }, signIn)
    expect(attributes).toEqual({
      longTermAuthenticationRequestTokenUsed: 'false',
      isFromNewLogin: 'true',
      acr: 'urn:yideng:loa:3',
      amr: ['pwd', 'sms'],
      representee_status: 'active',
      representee_sub: 's',
      representee_name: '深圳某公司',
    })
  })
})

it('the message of a sign-out names the ticket and escapes it', () => {
  expect(logoutMessage({ id: 'LR-1', ticket: 'ST-<1>', now: 1_700_000_000_123 })).toBe(
    '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="LR-1" Version="2.0" IssueInstant="2023-11-14T22:13:20Z"><saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">@NOT_USED@</saml:NameID><samlp:SessionIndex>ST-&lt;1&gt;</samlp:SessionIndex></samlp:LogoutRequest>',
  )
})

it.each(['aB3', '-_', '--0', '_1-1_', '0-0-1'])(
  'a ticket of the code %s has letters, digits and hyphens alone',
  (end) => {
    const code = `abcdefghijklmnopqrstuvwxyz${end}`
    expect(ticketOf(code)).toMatch(/^ST-[A-Za-z0-9-]+$/)
    expect(codeOf(ticketOf(code))).toBe(code)
  },
)

it.each(['ST-abcdefghijklmnopqrstuvwxyz_', 'ST-abcdefghijklmnopqrstuvwxyz-', 'ST-abcdefghijklmnopqrstuvwxyz-2'])(
  'is no ticket: %s',
  (ticket) => expect(codeOf(ticket)).toBeUndefined(),
)
