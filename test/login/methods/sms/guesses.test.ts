import { beforeAll, expect, it } from 'vitest'
import { csrfOf } from '../../../setup/room.ts'
import { startTextLogin } from '../../../setup/text-login.ts'
import { Visitor } from '../../../setup/visitor.ts'

let world: Awaited<ReturnType<typeof startTextLogin>>
beforeAll(async () => {
  world = await startTextLogin({ YIDENG_TRUST_PROXY: 'true', YIDENG_ADDRESS_TRIES: '100000' })
})

const logins = 40
const wrongGuesses = 9

/** The same browser at another address. */
function elsewhere(visitor: Visitor, address: string): Visitor {
  const copy = new Visitor(world.server.issuer, { 'x-forwarded-for': address })
  copy.cookies = [...visitor.cookies]
  return copy
}

it('hundreds of guesses from many addresses at once get five tries a code, and the right one comes too late', async () => {
  let answered = 0
  const signedIn: string[] = []
  for (let login = 0; login < logins; login += 1) {
    // each in a range of numbers of its own: a range has a limit
    const person = await world.proven({ phone: String(13_100_000_000 + login * 20_000) })
    const begun = await world.typePhone(person.phone)
    const { code } = await world.textTo(person.phone)
    const guess = (at: number, typed: string) =>
      elsewhere(begun.visitor, `198.51.${login}.${at}`).post(`${begun.path}/sms/code`, {
        csrf: csrfOf(begun.asked),
        code: typed,
      })
    const wrong = Array.from({ length: wrongGuesses }, (_, at) =>
      String((Number(code) + 1 + at) % 1e6).padStart(6, '0'),
    )
    const answers = await Promise.all(wrong.map((typed, at) => guess(1 + at, typed)))
    answered += answers.length
    expect(answers.filter(({ html }) => html.includes('验证码不对'))).toHaveLength(4)
    const late = await guess(99, code)
    if (late.leads || late.status < 400) signedIn.push(person.id)
    answered += 1
  }
  expect(answered).toBe(400)
  expect(signedIn).toEqual([])
  // the control: the same right code as the fifth try
  const person = await world.proven({ phone: '13200000000' })
  const begun = await world.typePhone(person.phone)
  const { code } = await world.textTo(person.phone)
  for (let at = 1; at < 5; at += 1)
    await world.typeCode(begun, begun.asked, String((Number(code) + at) % 1e6).padStart(6, '0'))
  expect((await world.typeCode(begun, begun.asked, code)).leads).toBeDefined()
})
