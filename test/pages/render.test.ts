import { describe, expect, test } from 'vitest'
import { loadAssets } from '../../src/pages/assets.ts'
import { languages } from '../../src/pages/languages.ts'
import { createPages } from '../../src/pages/render.ts'
import { operator } from '../design/site.ts'
import { samples, wordKeys } from './samples.ts'

const assets = loadAssets()
const pages = createPages({ assets, operator })
const elsewhere = createPages({ assets, operator: { ...operator, helpline: '0755-9876543' } })
const frame = { nonce: 'n0nce', path: '/login/8f3a?x=1&y="2"', elder: false }
const attack = '"><script>alert(1)</script>\'&'

/** The data with the attack appended to every string; not to empty ones, by which pages leave parts out. */
function hostile(value: unknown, path = ''): unknown {
  if (typeof value === 'string') return value === '' || wordKeys.test(path) ? value : value + attack
  if (Array.isArray(value)) return value.map((item, index) => hostile(item, `${path}.${index}`))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, hostile(item, path ? `${path}.${key}` : key)]),
  )
}

describe.each(languages)('in %s', (language) => {
  describe.each(samples)('$view ($name)', ({ view, data }) => {
    const html = pages.render(view, language, data, frame)

    test('is a whole page with one heading, a title and its language', () => {
      expect(html).toMatch(/^<!doctype html>/)
      expect(html).toMatch(new RegExp(`<html lang="${language}"[ >]`))
      expect(html.match(/<h1/g)).toHaveLength(1)
      expect(html).toMatch(/<title>[^<]{4,}<\/title>/)
      expect(html).toContain('<main id="main"')
    })

    test('prints no undefined, no object, no placeholder, no inline style or script', () => {
      expect(html).not.toMatch(/undefined|\[object|NaN|\{\w+\}/)
      expect(html).not.toMatch(/<script(?! src="\/assets\/)|<style|\sstyle=|\son\w+=|javascript:/i)
    })

    test('gives the helpline of the operator, and no other', () => {
      const page = elsewhere.render(view, language, data, frame)
      expect(page).not.toMatch(/(?<![\d-])12345(?!\d)/)
    })

    // Chromium "Password form styles": the field may be unseen, but not without a box
    test('says to password managers whose password a form sets', () => {
      for (const [form] of html.matchAll(/<form\b[\s\S]*?<\/form>/g)) {
        if (!/autocomplete="(?:new|current)-password"/.test(form)) continue
        expect(form).toMatch(/<input\b(?![^>]*type="hidden")[^>]*autocomplete="username[ "]/)
      }
    })

    test('has a label for every field, every id once, and descriptions that exist', () => {
      const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)
      expect(new Set(ids).size).toBe(ids.length)
      for (const [, list = ''] of html.matchAll(/aria-(?:describedby|labelledby)="([^"]*)"/g)) {
        for (const id of list.split(' ')) expect(ids).toContain(id)
      }
      for (const [, target] of html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target)
      for (const [, id] of html.matchAll(/<(?:input|select) id="([^"]*)"/g))
        expect(html).toContain(`<label for="${id}">`)
    })

    test('posts a token in every form', () => {
      const forms = html.match(/<form[\s\S]*?<\/form>/g) ?? []
      // a browser with too many cookies may drop the token's: the server checks only the Origin there
      // a form for a portal must not carry our token away
      const toPortal = (one: string) => /action="https?:/.test(one)
      for (const form of forms.filter(toPortal)) expect(form).not.toMatch(/name="(csrf|xsrf)"/)
      for (const form of forms.filter((one) => !toPortal(one) && !one.includes('action="/cookies/clear"')))
        expect(form).toMatch(/method="post"[\s\S]*<input type="hidden" name="(csrf|xsrf)" value="[^"]+">/)
    })

    test('escapes every value of the data', () => {
      const attacked = pages.render(view, language, Object(hostile(data)), frame)
      expect(attacked).not.toContain('<script>')
      expect(attacked.match(/<\w+/g)).toEqual(html.match(/<\w+/g))
    })
  })
})

test('the switches lead back to the current page', () => {
  const html = pages.render('logout/done', 'zh-CN', {}, frame)
  const back = encodeURIComponent(frame.path)
  expect(html).toContain(`href="/language?to=en&amp;back=${back}" lang="en" hreflang="en">English</a>`)
  expect(html).toContain(`href="/elder?on=1&amp;back=${back}"`)
  const elder = pages.render('logout/done', 'zh-CN', {}, { ...frame, elder: true })
  expect(elder).toContain('<html lang="zh-CN" data-elder>')
  expect(elder).toContain(`href="/elder?on=0&amp;back=${back}"`)
})

const of = (view: string) => pages.render(view, 'en', samples.find((sample) => sample.view === view)?.data ?? {}, frame)

test('contracts with other programs hold', () => {
  expect(of('login/sign-in')).toMatch(/name="identifier" type="text"[^>]*autocomplete="username webauthn"/)
  expect(of('login/sign-in')).toMatch(/name="password" type="password"[^>]*autocomplete="current-password"/)
  expect(of('login/consent').match(/name="decision" value="(allow|deny)"/g)).toHaveLength(2)
  expect(of('logout/confirm')).toMatch(/name="xsrf" value="x5rf-t0ken"[\s\S]*name="logout" value="yes"/)
})

test('a view that would print undefined throws', () => {
  expect(() => pages.render('logout/done', 'en', { portal: {} }, frame)).toThrow(/logout\.done_portal.*portal/)
  expect(() => pages.render('error/error', 'en', { code: 'not_found' }, frame)).toThrow(
    'A view tried to print undefined',
  )
  expect(() => pages.render('error/error', 'en', { code: 'nonsense', reference: '1' }, frame)).toThrow(
    'errors.nonsense.title',
  )
})

test('assets are found only at their exact path', () => {
  const url = assets.urls['yideng.css'] ?? ''
  expect(url).toMatch(/^\/assets\/[0-9a-f]{16}-yideng\.css$/)
  expect(assets.assetFor(url)?.type).toBe('text/css; charset=utf-8')
  expect(assets.assetFor(url)?.body.toString()).toContain('--brand')
  for (const path of ['/assets/yideng.css', '/assets/../yideng.css', `${url}x`, '/assets/', '__proto__']) {
    expect(assets.assetFor(path)).toBeUndefined()
  }
})
