import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

// Parts of requests to the endpoints of portals, which are right, nearly right or wrong.

export const api = 'https://api.differential.example'
export const redirectUri = 'https://portal.differential.example/callback'

export interface Portal {
  id: string
  secret: string
}

const formType = 'application/x-www-form-urlencoded'
const basic = ({ id, secret }: Portal) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

const escaped = (text: string) => `%${text.charCodeAt(0).toString(16)}${text.slice(1)}`
const coded = (text: string) => Buffer.from(text).toString('base64')

/** Headers of authentication that are nearly right. */
export const authorizations: ((of: Portal) => string | undefined)[] = [
  basic,
  basic,
  basic,
  () => undefined,
  (of) => basic(of).replace('Basic', 'bAsIc'),
  (of) => basic(of).replace(' ', '  '),
  (of) => basic(of).replaceAll('=', ''),
  (of) => `${basic(of)}=`,
  (of) => `${basic(of)} x`,
  ({ id, secret }) => `Basic ${coded(`${escaped(id)}:${escaped(secret)}`)}`,
  ({ id, secret }) => `Basic ${coded(`${id}:${secret}:`)}`,
  ({ id, secret }) => `Basic ${coded(`${id}:${secret}+`)}`,
  ({ id, secret }) => `Basic ${coded(`${id}:${secret}\0`)}`,
  ({ id, secret }) => `Basic ${coded(`${id}:${secret}é`)}`,
  ({ id, secret }) => `Basic ${coded(`${id}:%zz${secret}`)}`,
  ({ id }) => `Basic ${coded(`${id}:`)}`,
  ({ id }) => `Basic ${coded(id)}`,
  ({ secret }) => `Basic ${coded(`:${secret}`)}`,
  ({ id, secret }) => `Bearer ${id}:${secret}`,
]

/** Tokens in a header of userinfo that are nearly right. */
export const bearers: ((token: string) => string | undefined)[] = [
  (token) => `Bearer ${token}`,
  (token) => `Bearer ${token}`,
  (token) => `bEARER ${token}`,
  (token) => `DPoP ${token}`,
  (token) => `Bearer  ${token}`,
  (token) => `Bearer ${token},`,
  (token) => `Bearer ${token}=`,
  (token) => token,
  () => undefined,
]

export const headerSets: OutgoingHttpHeaders[] = [
  {},
  {},
  {},
  { accept: 'text/html' },
  { accept: 'application/token-introspection+jwt' },
  { accept: 'image/png' },
  { origin: 'https://elsewhere.example' },
  { origin: 'https://portal.differential.example' },
  { dpop: 'x' },
  { 'oauth-client-attestation': 'x' },
  { 'content-encoding': 'identity' },
  { 'content-encoding': 'gzip' },
  { 'transfer-encoding': 'chunked' },
  { cookie: 'a=b' },
  { 'accept-language': 'en' },
]

export const types = [
  formType,
  formType,
  formType,
  formType,
  `${formType}; charset=utf-8`,
  `${formType};charset=UTF-8`,
  `${formType}; charset=utf-16le`,
  `${formType}; charset=nonsense`,
  `${formType}; x=y`,
  'application/json',
  'text/plain',
  '',
  undefined,
]

const pairs = (text: string) => text.split('&').filter((one) => one !== '')

/** Changes of the text of a form. */
export const bends: ((form: string, of: Portal) => string)[] = [
  (form) => form,
  (form) => form,
  (form) => form,
  (form) => `${form}&${pairs(form)[0]}`,
  (form) => `${form}&${pairs(form).at(-1)}`,
  (form) => pairs(form).slice(1).join('&'),
  (form) => `\uFEFF${form}`,
  (form) => `\uFEFF${form}&${form}`,
  (form) => `\uFEFF${pairs(form)[0]}&${form}`,
  (form) => `&&${form}&`,
  (form) => form.replaceAll('&', ';'),
  (form) => form.replaceAll('_', '%5F'),
  (form) => form.replaceAll('=', '=%'),
  (form) => form.replaceAll('=', '=%00'),
  (form) => `${form}&unknown=1&unknown=2&__proto__=x`,
  (form, { id }) => `${form}&client_id=${id}`,
  (form) => `${form}&client_id=`,
  (form) => `${form}&client_id=&client_id=`,
  (form) => `${form}&client_id=nobody`,
  (form, { secret }) => `${form}&client_secret=${secret}`,
  (form) => `${form}&client_assertion=x`,
  (form) => `${form}&client_assertion_type=`,
  (form) => `${form}&resource=`,
  (form) => `${form}&resource=${encodeURIComponent(api)}`,
  (form) => `${form}&resource=${encodeURIComponent(api)}&resource=x`,
  (form) => `${form}&authorization_details=x`,
  (form) => `${form}&x=${'y'.repeat(8000)}`,
  (form) => `${form}&x=${'y'.repeat(60_000)}`,
  () => '',
]

export const scopes = [
  undefined,
  undefined,
  '',
  'openid',
  'openid profile',
  ' openid',
  'openid  phone',
  'a"b',
  'read',
  'ü',
  'x'.repeat(3000),
]

/** Parameters of a grant that spends nothing: codes and refresh tokens have stories of their own below. */
export const grants: Record<string, string>[] = [
  { grant_type: 'client_credentials' },
  { grant_type: 'client_credentials' },
  { grant_type: 'refresh_token', refresh_token: 'x'.repeat(43) },
  { grant_type: 'refresh_token' },
  { grant_type: 'authorization_code', code: 'x'.repeat(43), redirect_uri: redirectUri, code_verifier: 'x'.repeat(43) },
  { grant_type: 'authorization_code' },
  { grant_type: 'implicit' },
  { grant_type: 'password' },
  { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'x'.repeat(43) },
  { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange' },
  { grant_type: '' },
  { grant_type: 'constructor' },
  {},
]

export interface Sent {
  path: string
  method: string
  headers: OutgoingHttpHeaders
  body: Buffer
}

export interface Answer {
  status: number | undefined
  headers: IncomingHttpHeaders
  body: string
}

export const jsonOf = ({ body }: Answer) => JSON.parse(body) as Record<string, unknown>

export const post = (of: Portal, path: string, fields: Record<string, string>): Sent => ({
  path,
  method: 'POST',
  headers: { authorization: basic(of), 'content-type': formType },
  body: Buffer.from(new URLSearchParams(fields).toString()),
})

const refresh = (answer: Answer | undefined): Record<string, string> => ({
  grant_type: 'refresh_token',
  refresh_token: String(answer && jsonOf(answer)['refresh_token']),
})

/** Makes a code for the portal `web`: the parameters that redeem it. */
type MakeCode = (more?: Record<string, string>) => Promise<Record<string, string>>

type Step = (before: Answer[]) => Promise<Sent> | Sent

/** Steps of one story, with what a portal sends in each. */
export const stories: [string, (code: MakeCode, portals: Record<'web' | 'other', Portal>) => Promise<Step[]>][] = [
  [
    'a code twice: the second time ends its tokens',
    async (code, { web }) => {
      const fields = await code()
      return [
        () => post(web, '/token', fields),
        () => post(web, '/token', fields),
        (before) => post(web, '/token', refresh(before[0])),
      ]
    },
  ],
  [
    'a wrong verifier, a wrong address, then the right ones',
    async (code, { web }) => {
      const fields = await code()
      return [
        () => post(web, '/token', { ...fields, code_verifier: 'x'.repeat(43) }),
        () => post(web, '/token', { ...fields, redirect_uri: 'https://elsewhere.example/' }),
        () => post(web, '/token', { ...fields, code_verifier: '' }),
        () => post(web, '/token', fields),
      ]
    },
  ],
  [
    'the code of another portal',
    async (code, { web, other }) => {
      const fields = await code()
      return [() => post(other, '/token', fields), () => post(web, '/token', fields)]
    },
  ],
  [
    'a refresh token of another portal, then of the right one, again, and its successor',
    async (code, { web, other }) => {
      const fields = await code()
      return [
        () => post(web, '/token', fields),
        (before) => post(other, '/token', refresh(before[0])),
        (before) => post(web, '/token', refresh(before[0])),
        (before) => post(web, '/token', refresh(before[0])),
        (before) => post(web, '/token', refresh(before[2])),
      ]
    },
  ],
  [
    'a refresh with less, with more, and with an unknown resource',
    async (code, { web }) => {
      const fields = await code({ scope: 'openid profile offline_access' })
      return [
        () => post(web, '/token', fields),
        (before) => post(web, '/token', { ...refresh(before[0]), scope: 'openid' }),
        (before) => post(web, '/token', { ...refresh(before[1]), scope: 'openid phone' }),
        (before) => post(web, '/token', { ...refresh(before[1]), resource: 'https://unknown.example' }),
      ]
    },
  ],
  [
    'a code for an API, and its refresh',
    async (code, { web }) => {
      const fields = await code({ resource: api, scope: 'openid read offline_access' })
      return [
        () => post(web, '/token', { ...fields, resource: api }),
        (before) => post(web, '/token', { ...refresh(before[0]), resource: api }),
      ]
    },
  ],
]
