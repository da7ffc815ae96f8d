import { documentExample, documentHint, documentTypes } from '../../src/accounts/identifiers/documents.ts'
import type { Sample } from './samples.ts'

const csrf = 'c5rf-t0ken'
const proof = 'pr00f'

/** The pages of an account of an upstream that no link knows. @param signIn data of a sign-in page */
export function upstreamSamples(signIn: { portal: object }, password: object): Sample[] {
  const documents = documentTypes.map((type) => ({
    type,
    hint: documentHint(type)?.['zh-CN'] ?? '',
    example: documentExample(type),
  }))
  const said = { name: '陈**', documentType: 'resident_id', documentNumber: '4****************X', phone: '138****8000' }
  const newcomer = {
    action: '/login/8f3a/upstream/new',
    signInUrl: '/login/8f3a',
    cancelAction: '/login/8f3a/cancel',
    csrf,
    proof,
    upstream: '佛山市统一身份认证平台',
    portal: signIn.portal,
    said,
    documents: [],
    values: { name: '', document_type: 'resident_id', document_number: '' },
    child: false,
    noticeVersion: '2026-12',
    problems: {},
  }
  const bare = { ...newcomer, said: { name: '', documentType: '', documentNumber: '', phone: '' }, documents }
  const offer = {
    action: '/login/8f3a/upstream/answer',
    csrf,
    proof,
    upstream: '佛山市统一身份认证平台',
    name: '陈**',
    documentNumber: '4****************X',
    phone: '138****8000',
  }
  const note = { name: 'upstream', upstream: '佛山市统一身份认证平台', href: '/login/8f3a/upstream/new' }
  return [
    { view: 'upstream/new', name: 'all said', data: newcomer },
    { view: 'upstream/new', name: 'nothing said', data: bare },
    { view: 'upstream/new', name: 'child', data: { ...newcomer, child: true } },
    {
      view: 'upstream/new',
      name: 'problems',
      data: {
        ...bare,
        problems: {
          name: 'name_required',
          document_number: 'document_number_check_digit',
          consent: 'consent_required',
        },
      },
    },
    { view: 'upstream/new', name: 'too many', data: { ...newcomer, problems: { form: 'too_many_registrations' } } },
    { view: 'upstream/offer', name: 'offer', data: offer },
    { view: 'upstream/offer', name: 'bare', data: { ...offer, name: '', documentNumber: '', phone: '' } },
    { view: 'upstream/offer', name: 'over', data: { ...offer, upstream: '' } },
    { view: 'login/sign-in', name: 'unknown upstream', data: { ...signIn, device: 'phone', note, ways: [password] } },
    { view: 'login/elder-start', name: 'unknown upstream', data: { ...signIn, note, ways: [password] } },
  ]
}
