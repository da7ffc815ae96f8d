import { Visitor } from '../test/setup/visitor.ts'
import { password } from '../test/setup/people.ts'
import type { Again } from './load.ts'
import {
  authorize,
  authorizePath,
  exchange,
  post,
  singleSignOn,
  userinfo,
  type Jar,
  type Target,
  type Tokens,
} from './flow.ts'
import { casFlow, tifFlow } from './old-portals.ts'

/** A measured operation, prepared once for each concurrent client. */
export interface Case {
  name: string
  /** Only Yideng has it: the bare provider has no passwords. */
  oursOnly?: true
  ready(target: Target, jar: Jar, index: number): Promise<Again>
}

/** A refresh token needs a person's consent (OIDC Core 11), so this uses the pages. */
async function firstRefreshToken(target: Target, jar: Jar): Promise<string> {
  const visitor = new Visitor(target.origin)
  visitor.cookies = [...jar].map(([name, value]) => ({ name, value, path: '/' }))
  const verifier = 'v'.repeat(43)
  const path = authorizePath(target, verifier, 'refresh', 'openid profile offline_access')
  const page = await visitor.get(`${path}&prompt=consent`)
  const { leads } = await visitor.submit(page, target.consent.action, target.consent.fields)
  for (const { name, value, path: at } of visitor.cookies) if (at === '/') jar.set(name, value)
  const { refresh_token: token } = await exchange(target, leads?.searchParams.get('code') ?? '', verifier)
  if (!token) throw new Error(`${target.name}: no refresh token`)
  return token
}

const json = (text: string) => JSON.parse(text) as Partial<Tokens> & { active?: boolean }

export const cases: Case[] = [
  // before the flow that they are compared with, so that its warm start is no advantage of theirs
  {
    name: 'CAS flow',
    oursOnly: true,
    ready: async (target, jar) => () => casFlow(target, jar),
  },
  {
    name: 'tif flow',
    oursOnly: true,
    ready: async (target, jar) => () => tifFlow(target, jar),
  },
  {
    name: 'single sign-on flow',
    ready: async (target, jar) => async () => void (await singleSignOn(target, jar)),
  },
  {
    name: 'refresh with rotation',
    async ready(target, jar) {
      let token = await firstRefreshToken(target, jar)
      return async () => {
        const grant = { grant_type: 'refresh_token', refresh_token: token }
        const rotated = json(await post(target, target.paths.token, target, grant)).refresh_token
        if (!rotated || rotated === token) throw new Error(`${target.name}: the refresh token was not rotated`)
        token = rotated
      }
    },
  },
  {
    name: 'client credentials, opaque',
    ready: async (target) => async () => {
      const grant = { grant_type: 'client_credentials' }
      if (!json(await post(target, target.paths.token, target.service, grant)).access_token) throw new Error('no token')
    },
  },
  {
    name: 'client credentials, JWT',
    ready: async (target) => async () => {
      const { resource, scope } = target.service
      const grant = { grant_type: 'client_credentials', resource, scope }
      const token = json(await post(target, target.paths.token, target.service, grant)).access_token
      if (token?.split('.').length !== 3) throw new Error(`${target.name}: no JWT`)
    },
  },
  {
    name: 'introspection',
    async ready(target, jar) {
      const { access_token: token } = await authorize(target, jar)
      return async () => {
        if (!json(await post(target, target.paths.introspect, target, { token })).active) throw new Error('not active')
      }
    },
  },
  {
    name: 'userinfo',
    async ready(target, jar) {
      const tokens = await authorize(target, jar)
      return () => userinfo(target, tokens)
    },
  },
  {
    name: 'sign-in by password',
    oursOnly: true,
    ready: async (target, _jar, index) => async () => {
      const visitor = new Visitor(target.origin)
      const page = await visitor.get(authorizePath(target, 'v'.repeat(43), 'bench'))
      const entered = await visitor.submit(page, '/password', { identifier: `bench${index % 8}`, password })
      if (!entered.leads?.searchParams.get('code')) throw new Error(`${target.name}: ${entered.status}`)
    },
  },
]
