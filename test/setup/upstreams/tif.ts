import { randomUUID } from 'node:crypto'
import { startFake, type Asked, type FakeAnswer } from './fake-server.ts'

const base = '/tif/sso/connect/page/oauth2'

/** A person of a made-up city, as each fake shows them in its own words. */
export interface FakePerson {
  subject: string
  name: string
  /** GB 11643. */
  number: string
  phone: string
  /** In the words of the upstream. */
  level: string
}

/** The unified login of Guangdong as its portals see it: no state, no PKCE, secrets in addresses. The codes count once. */
export async function startTif() {
  const codes = new Map<string, { person: FakePerson; redirectUri: string }>()
  const tokens = new Map<string, FakePerson>()
  let visitor: FakePerson | undefined
  const error = (code: string): FakeAnswer => ({ body: JSON.stringify({ error_code: code, error_msg: code }) })

  const endpoints: Record<string, (asked: Asked) => FakeAnswer> = {
    authorize({ given }) {
      const redirectUri = given.get('redirect_uri') ?? ''
      const isRight = given.get('service') === 'initService' && given.get('response_type') === 'code'
      if (!isRight || given.get('client_id') !== 'yideng' || given.get('scope') !== 'all' || !visitor)
        return { status: 400, type: 'text/html', body: 'wrong request' }
      return { status: 302, location: `${redirectUri}?code=${newCode(visitor, redirectUri)}` }
    },
    access_token({ method, given }) {
      if (method !== 'GET' || given.get('client_secret') !== 'tif-secret' || given.get('client_id') !== 'yideng')
        return error('invalid_client')
      const found = codes.get(given.get('code') ?? '')
      codes.delete(given.get('code') ?? '')
      if (!found || found.redirectUri !== given.get('redirect_uri') || given.get('scope') !== 'all')
        return error('invalid_grant')
      const token = randomUUID()
      tokens.set(token, found.person)
      return { body: JSON.stringify({ expires_in: 179, token_type: 'Bearer', access_token: token }) }
    },
    tokeninfo({ given }) {
      const person = tokens.get(given.get('access_token') ?? '')
      return person ? { body: JSON.stringify(tokenInfo(person)) } : error('invalid_token')
    },
  }

  function newCode(person: FakePerson, redirectUri: string): string {
    const made = randomUUID()
    codes.set(made, { person, redirectUri })
    return made
  }

  const fake = await startFake((asked) => {
    const endpoint = asked.path.startsWith(`${base}/`) ? endpoints[asked.path.slice(base.length + 1)] : undefined
    return endpoint ? endpoint(asked) : { status: 404 }
  })
  return {
    ...fake,
    base: fake.url + base,
    /** The person of every browser that comes. */
    visitedBy: (person: FakePerson | undefined) => void (visitor = person),
  }
}

const tokenInfo = ({ subject, name, number, phone, level }: FakePerson) => ({
  signdata: '',
  userobj: {
    uid: subject,
    cn: name,
    usertype: 1,
    idcardtype: 10,
    idcardnumber: number,
    telephonenumber: phone,
    creditable_level_of_account: level,
    extproperties: ['area=440600'],
  },
  pareobj: {},
  user_creditable_level: { creditable_level_of_account_way_list: [] },
})

/** A row of YIDENG_UPSTREAMS for it. */
export const tifRow = (tif: { base: string }) => ({
  id: 'tif',
  kind: 'oauth2',
  name: '广东省统一身份认证',
  addresses: {
    authorize: `${tif.base}/authorize?service=initService`,
    token: `${tif.base}/access_token?scope=all`,
    user: `${tif.base}/tokeninfo`,
  },
  clientId: 'yideng',
  clientSecretFile: 'tif-secret',
  scope: 'all',
  claims: {
    subject: 'userobj.uid',
    name: 'userobj.cn',
    phone: 'userobj.telephonenumber',
    documentType: 'userobj.idcardtype',
    documentNumber: 'userobj.idcardnumber',
    level: 'userobj.creditable_level_of_account',
  },
  levels: { L2: 3, L3: 3 },
  documentTypes: { '10': 'resident_id', '20': 'passport' },
  options: {
    tokenMethod: 'GET',
    accessTokenIn: 'parameters',
    errorAt: 'error_code',
    state: 'path',
    personOnlyIf: 'userobj.usertype=1',
  },
})
