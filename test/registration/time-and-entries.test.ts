import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { expectAccessible, openContext, phone, useBrowser } from '../setup/browser.ts'
import { cannotRun } from '../setup/parts.ts'
import { password, residentId } from '../setup/people.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_ADDRESS_REGISTRATIONS: '200' })
  services = await server.services()
})

const minute = 60_000

describe.skipIf(cannotRun('browser'))('WCAG 2.2, 2.2.1 timing adjustable', () => {
  const browser = useBrowser()

  it('a note appears two minutes before the end, and one press gives another hour, again and again', async () => {
    const { context, complaints } = await openContext(browser(), phone)
    const page = await context.newPage()
    await page.clock.install()
    await page.goto(`${server.issuer}/register`)
    await page.locator('[name=name]').fill('欧阳春晓')
    await page.locator('[name=document_number]').fill('4403001956')
    const note = page.locator('[data-registration]')
    const until = page.locator('[data-until]')
    for (let times = 0; times < 3; times += 1) {
      const before = await until.innerText()
      await page.clock.runFor(58 * minute - 2000)
      await server.forward(58 * minute - 2000)
      expect(await note.isVisible()).toBe(false)
      await page.clock.runFor(4000)
      await server.forward(4000)
      expect(await note.isVisible()).toBe(true)
      expect(await note.getAttribute('role')).toBe('status')
      expect(await page.locator('[data-keep]').innerText()).toContain('继续填写')
      if (times === 0) await expectAccessible(page)
      await page.locator('[data-keep]').press('Enter')
      await expect.poll(() => note.isVisible()).toBe(false)
      expect(await until.innerText()).not.toBe(before)
      // the input stays, although it is not complete
      expect(await page.locator('[name=name]').inputValue()).toBe('欧阳春晓')
      expect(await page.locator('[name=document_number]').inputValue()).toBe('4403001956')
    }
    // the server kept it as well, three hours after the first page
    await page.reload()
    expect(await page.locator('[name=document_number]').inputValue()).toBe('4403001956')
    expect(complaints).toEqual([])
    await context.close()
  })
})

/** The fields of a page that a person types in or chooses, with their values. */
function fieldsOf({ html }: Page): Map<string, string> {
  const main = html.slice(html.indexOf('<main'))
  const inputs = [...main.matchAll(/<input\b(?![^>]*(?:type="(?:hidden|submit|checkbox|radio)"|readonly))[^>]*>/g)].map(
    ([one]) => one,
  )
  return new Map(inputs.map((one) => [/name="([^"]*)"/.exec(one)?.[1] ?? '', / value="([^"]*)"/.exec(one)?.[1] ?? '']))
}

describe('WCAG 2.2, 3.3.7 redundant entry', () => {
  it('from the portal through a registration and back, nothing is asked twice', async () => {
    const portal = await registerPortal(services, { scope: 'openid profile phone' })
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    const given: Record<string, string> = {
      name: '周晓岚',
      document_type: 'resident_id',
      document_number: residentId('44060519680214177'),
      phone_code: '86',
      phone: '13900002777',
      username: 'xiaolan3377',
    }
    const answered = new Set<string>()
    /** A field that was answered before is not on the page, or has the answer. A password is never shown again (exception of 3.3.7). */
    const notAskedAgain = (page: Page) => {
      for (const [name, value] of fieldsOf(page))
        if (answered.has(name) && name !== 'password') expect(value, `${name} at ${page.url.href}`).toBe(given[name])
      return page
    }
    const answer = async (page: Page, action: string, fields: Record<string, string>) => {
      const next = await visitor.submit(page, action, fields)
      for (const name of Object.keys(fields)) answered.add(name)
      return notAskedAgain(next)
    }
    const only = (...names: string[]) => Object.fromEntries(names.map((name) => [name, given[name] ?? '']))
    const first = await visitor.get(`${(await visitor.get(begun.url)).url.pathname}/register`)
    const who = only('name', 'document_type', 'document_number', 'phone_code')

    // a mistake in one field: the others keep their answers
    const refused = await visitor.submit(first, '/register', { ...who, phone: '1' })
    for (const name of ['name', 'document_number']) answered.add(name)
    expect(fieldsOf(notAskedAgain(refused)).get('name')).toBe(given['name'])
    const second = await answer(refused, '/register', { ...who, ...only('phone') })
    expect([...fieldsOf(second).keys()].toSorted()).toEqual(['password', 'username'])
    const third = await answer(second, '/register', { password, ...only('username') })
    expect([...fieldsOf(third).keys()]).toEqual([])
    // back: every answer is there; a reload as well
    const path = first.url.pathname
    for (const step of ['1', '2']) {
      const back = notAskedAgain(await visitor.get(`${path}?step=${step}`))
      expect(fieldsOf(back).size).toBeGreaterThan(0)
    }
    const done = await answer(await visitor.get(`${path}?step=3`), '/register', { consent: 'yes' })
    // signed in already: neither account nor password is asked for
    expect([...fieldsOf(done).keys()]).toEqual([])
    const consent = notAskedAgain(await visitor.submit(done, '/registered', {}))
    expect([...fieldsOf(consent).keys()]).toEqual([])
    expect(consent.html).toContain('name="decision"')
  })

  it('a wrong password leaves the account in the field', async () => {
    const portal = await registerPortal(services)
    const visitor = new Visitor(server.issuer)
    const page = await visitor.get((await portal.begin()).url)
    const refused = await visitor.submit(page, '/password', { identifier: '13900002999', password: 'wrong-password' })
    expect(fieldsOf(refused).get('identifier')).toBe('13900002999')
  })
})
