import type { MethodDeclaration } from '../../../config/method-declaration.ts'
import { settings } from './settings.ts'

/** Sign-in by a certificate (数字证书, UKey) of a CA that the operator has chosen (docs/certificates.md). */
export const certificate = {
  name: 'certificate',
  signIn: { phone: 'row', computer: 'tile', kiosk: 'none', icon: 'id', scripted: false, aloneWhenLast: true },
  opensAccounts: true,
  origin: 'ca',
  bindsToFace: false,
  proofs: [
    {
      by: 'signature',
      algorithms: ['SM2', 'SM3', 'ES256', 'RS256', 'SHA-256'],
      code: 'src/login/methods/certificate/x509/signature.ts',
    },
  ],
  refusals: {
    not_by_certificate: 403,
    certificate_refused: 400,
    certificate_late: 400,
    certificate_untrusted: 403,
    certificate_encryption: 403,
    certificate_expired: 403,
    certificate_revoked: 403,
    certificate_unchecked: 503,
    certificate_other_person: 403,
    certificate_held: 403,
    certificate_taken: 409,
  },
  auditEvents: {
    'certificate.bound': 'a person bound a certificate',
    'certificate.unbound': 'the binding of a certificate was removed',
    'certificate.released': 'a person released a certificate that a recovery had held',
    'certificate.bind-refused': 'a certificate was not bound',
  },
  hiddenEvents: [],
  notices: {},
  budgets: {
    tries: {
      what: 'sign-ins by a certificate that failed',
      by: 'network',
      most: 'YIDENG_ADDRESS_TRIES',
      seconds: 600,
      in: 'store',
    },
  },
  endpoints: { '/login/:attempt/certificate': ['requests', 'tries'] },
  topics: {},
  browserFiles: {},
  countedTries: [
    {
      names: ['certificate-tries'],
      what: 'answers of certificates, by network',
      countedFor: 'maker',
      ownersWay: 'a right answer never waits; the other ways to sign in are not counted',
      shownBy: 'test/login/methods/certificate/sign-in.test.ts',
    },
  ],
  settings,
} as const satisfies MethodDeclaration
