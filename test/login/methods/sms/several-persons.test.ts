import { beforeAll, describe, expect, it } from 'vitest'
import { decodeJwt } from 'jose'
import { signIn } from '../../../setup/person.ts'
import { csrfOf } from '../../../setup/room.ts'
import { startTextLogin } from '../../../setup/text-login.ts'

let world: Awaited<ReturnType<typeof startTextLogin>>
beforeAll(async () => {
  world = await startTextLogin()
})

const proven: (typeof world)['proven'] = (overrides) => world.proven(overrides)
const begin: (typeof world)['begin'] = (at) => world.begin(at)
const typePhone: (typeof world)['typePhone'] = (phone, at) => world.typePhone(phone, at)
const typeCode: (typeof world)['typeCode'] = (login, page, code) => world.typeCode(login, page, code)
const textTo: (typeof world)['textTo'] = (phone, since) => world.textTo(phone, since)

describe('a number of several persons', () => {
  it('signs in the one whose document number is typed', async () => {
    const one = await proven()
    const two = await proven({ phone: one.phone })
    const stranger = await proven()
    const login = await typePhone(one.phone)
    const who = await typeCode(login, login.asked, (await textTo(one.phone)).code)
    expect(who.html).toContain('name="document_number"')
    const type = (document_number: string) =>
      login.visitor.post(`${login.path}/sms/who`, { csrf: csrfOf(who), document_number })
    expect((await type(stranger.number)).html).toContain('号码对不上')
    const end = await type(two.number)
    const { id_token: token = '' } = await login.begun.finish(end)
    expect(decodeJwt(token)).toMatchObject({ amr: ['otp', 'sms'] })
  })

  it('takes five document numbers, and then begins again', async () => {
    const one = await proven()
    await proven({ phone: one.phone })
    const stranger = await proven()
    const login = await typePhone(one.phone)
    const who = await typeCode(login, login.asked, (await textTo(one.phone)).code)
    const type = (document_number: string) =>
      login.visitor.post(`${login.path}/sms/who`, { csrf: csrfOf(who), document_number })
    for (let tries = 0; tries < 5; tries += 1) expect((await type(stranger.number)).html).toContain('号码对不上')
    expect((await type(one.number)).html).toContain('试的次数太多了')
    expect((await type(one.number)).leads).toBeUndefined()
  })

  it('asks for the document number only after a right code', async () => {
    const one = await proven()
    await proven({ phone: one.phone })
    const login = await typePhone(one.phone)
    const form = { csrf: csrfOf(login.asked), document_number: one.number }
    expect((await login.visitor.post(`${login.path}/sms/who`, form)).leads).toBeUndefined()
  })

  it('no longer signs in by password with the number', async () => {
    const one = await proven()
    await proven({ phone: one.phone })
    const { visitor, path } = await begin()
    const refused = await signIn(visitor, await visitor.get(path), one.phone)
    expect(refused.status).toBe(400)
    expect((await signIn(visitor, refused, one.number)).leads).toBeDefined()
  })
})

describe('a session by text', () => {
  it.each([
    '/account/data',
    '/account/closing',
    '/account/recovery',
    '/account/helpers',
    '/account/organisations',
    '/account/password',
  ])('may not do what %s does', async (path) => {
    const person = await proven()
    const login = await typePhone(person.phone)
    await typeCode(login, login.asked, (await textTo(person.phone)).code)
    const home = await login.visitor.get('/account/organisations')
    expect(home.status).toBe(200)
    const answer = await login.visitor.post(path, { csrf: csrfOf(home) })
    expect(answer.status).toBe(403)
    expect(answer.html).toContain('办这件事请换一种方式登录')
  })
})
