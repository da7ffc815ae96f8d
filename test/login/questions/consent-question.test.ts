import { beforeAll, expect, it } from 'vitest'
import type { ClientInput } from '../../../src/clients/metadata.ts'
import type { Services } from '../../../src/services.ts'
import { openPerson, signIn } from '../../setup/person.ts'
import { registerPortal } from '../../setup/portal.ts'
import { usualServer } from '../../setup/server.ts'
import { Visitor, type Page } from '../../setup/visitor.ts'

let services: Services
beforeAll(async () => {
  services = await (await usualServer()).services()
})

/** What the consent page names, in the order of the page. */
const named = ({ html }: Page) =>
  [...html.matchAll(/<(?:dt|li)>(?:<svg.*?<\/svg>)?([^<]+)<\/?(?:dt|li|span)/g)].map(([, words = '']) => words.trim())

const callback = 'cn.gov.example.app:/callback'
const app: Partial<ClientInput> = { type: 'native', redirect_uris: [callback] }
const again = { prompt: 'consent' }

it.each([
  ['a portal, by prompt=consent', {}, again, '下次不再问您'],
  ['a portal with implicit consent, by prompt=consent', { consent: 'implicit' }, again, '下次不再问您'],
  ['an app, at each sign-on', app, { redirect_uri: callback }, '每次登录一登都会问您'],
] satisfies [string, Partial<ClientInput>, Record<string, string>, string][])(
  'the page names once more what was agreed to before: %s',
  async (_, registration, request, says) => {
    const portal = await registerPortal(services, { scope: 'openid profile phone offline_access', ...registration })
    const visitor = new Visitor(services.settings.issuer)
    const { username } = await openPerson(services)
    const begin = async () => visitor.get((await portal.begin(request)).url)
    const first = await signIn(visitor, await begin(), username)
    const offline = '您离开以后，它仍可在一段时间内代您办理上面的事'
    expect(named(first)).toEqual(['姓名', '用户名', '性别', '出生日期', '手机号', offline])
    expect(first.html).toContain(says)
    expect((await visitor.submit(first, '/consent', { decision: 'allow' })).leads).toBeDefined()
    expect(named(await begin())).toEqual(named(first))
  },
)
