import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startChannelLogin } from '../setup/channel-login.ts'
import { typePassword } from '../setup/person.ts'
import { csrfOf } from '../setup/room.ts'
import type { Page } from '../setup/visitor.ts'

it('a channel of level 2 is no second factor beside a face, however often the face is verified', async () => {
  const faces = join(mkdtempSync(join(tmpdir(), 'yideng-raise-')), 'faces.json')
  writeFileSync(faces, JSON.stringify({ wechat: { channel: 'mini' } }))
  const all = await startChannelLogin({ YIDENG_FACE_VENDORS: faces, YIDENG_FACE_STEP_UP: 'wechat' })
  const [person, user] = [await all.person(), all.user()]
  await all.bound(user, person)

  const asked = await all.begin(all.portal, { asked: { acr_values: 'urn:yideng:loa:4' } })
  const { visitor, begun } = asked
  const password = await visitor.get(`${asked.path}?way=password`)
  const question = await typePassword(visitor, password, person.username)
  // the question stays open, while another tab signs in by WeChat alone
  const other = await all.begin(all.portal, { visitor, asked: { prompt: 'login' } })
  expect((await all.byMini(other, user)).leads).toBeDefined()

  async function face(page: Page): Promise<Page> {
    const csrf = csrfOf(page)
    let next = await visitor.post(`${page.url.pathname}/face/start`, { csrf })
    if (next.html.includes('name="agree"')) next = await visitor.submit(next, '/face/consent', { agree: 'yes' })
    const handle = /data-handle="([^"]+)"/.exec(next.html)?.[1] ?? expect.fail(next.html)
    const answer = await fetch(`${all.server.issuer}/api/channel/mini/face`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: all.vendors.loginCode(user), handle }),
    })
    const { verify_id: id, address } = (await answer.json()) as { verify_id: string; address: string }
    all.vendors.finishFace(id, '10000')
    return visitor.get(address)
  }

  const raised = await face(question)
  expect(raised.leads).toBeUndefined()
  const end = await face(raised)
  expect(end.leads && (await begun.finish(end)).claims()).toBeUndefined()
})
