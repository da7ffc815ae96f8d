import { parseClientMetadata } from '../../clients/metadata.ts'
import type { Guide } from '../command.ts'
import { metadataOf, problemsAsGiven } from './registration-fields.ts'

/** In place of answers that are not given yet. */
const example = { name: 'portal', redirect_uris: ['https://portal.example/'] }

/** The questions about a new portal. The first ones need no word of its developers. */
export const portalGuide: Guide = {
  first: {
    name: 'What is the portal called?',
    organisation: 'Which organisation operates it?',
    region: 'Which region is it for? Six digits, such as 440300 for Shenzhen',
    uri: 'What is the address of its home page?',
    'redirect-uri':
      'To which address do people return after they sign in? Its developers know it; another line adds one',
  },
  more: {
    'Kind of portal, and who may use it': ['type', 'min-level', 'representee', 'network', 'for'],
    'Personal data': ['scope', 'consent', 'subject-type', 'sector', 'resource'],
    'Sign-out': ['post-logout-redirect-uri', 'backchannel-logout-uri'],
    'For developers': ['auth-method', 'jwks', 'jwks-uri', 'id-token-alg', 'sm2-signature', 'pkce', 'reason', 'profile'],
  },
  check(input) {
    const parsed = parseClientMetadata({ ...example, ...metadataOf(input) })
    return parsed.ok ? [] : problemsAsGiven(parsed.problems, input)
  },
}
