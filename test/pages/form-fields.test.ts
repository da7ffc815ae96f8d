import { describe, expect, it } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'
import { loadAssets } from '../../src/pages/assets.ts'
import { createPages } from '../../src/pages/render.ts'
import { samples } from './samples.ts'

const pages = createPages({ assets: loadAssets(), operator: readSettings({}).operator })
const frame = { nonce: 'n0nce', path: '/', elder: false }

/** Tokens of the HTML standard (section 4.10.18.7.1) that our pages may use; `webauthn` follows another one. */
const tokens = new Set(
  'off on name username current-password new-password one-time-code tel tel-national bday webauthn'.split(' '),
)

type Attributes = Record<string, string | undefined>

const attributesOf = (tag: string): Attributes =>
  Object.fromEntries([...tag.matchAll(/\s([a-z-]+)(?:="([^"]*)")?/g)].map(([, name = '', value = '']) => [name, value]))

interface Form {
  page: string
  attributes: Attributes
  fields: Attributes[]
  buttons: Attributes[]
}

const formsOf = (page: string, html: string): Form[] =>
  [...html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/g)].map(([, head = '', inside = '']) => ({
    page,
    attributes: attributesOf(head),
    fields: [...inside.matchAll(/<(?:input|textarea|select)\b[^>]*>/g)].map(([tag]) => attributesOf(tag)),
    buttons: [...inside.matchAll(/<button\b[^>]*>/g)].map(([tag]) => attributesOf(tag)),
  }))

const rendered = samples.map(({ view, name, data }) => ({
  page: `${view} (${name})`,
  html: pages.render(view, 'zh-CN', data, frame),
}))
const forms = rendered.flatMap(({ page, html }) => formsOf(page, html))
/** Pages whose HTML has one of these. */
const pagesWith = (pattern: RegExp) => rendered.filter(({ html }) => pattern.test(html)).map(({ page }) => page)
const pagesWithout = (pattern: RegExp) => rendered.filter(({ html }) => !pattern.test(html)).map(({ page }) => page)
const typed = forms.flatMap(({ page, fields }) =>
  fields
    .filter(({ type = '' }) => ['text', 'password', 'tel', 'email', 'search', 'number'].includes(type))
    .map((field): Attributes => ({ page, ...field })),
)
const passwords = typed.filter(({ type }) => type === 'password')

/** What browsers and password managers need of a field or form, and who breaks it. */
const demands: [demand: string, broken: () => unknown[]][] = [
  ['a typed field says what it is for', () => typed.filter(({ autocomplete }) => autocomplete === undefined)],
  [
    'the tokens are those of the standard',
    () => typed.filter(({ autocomplete = '' }) => autocomplete.split(' ').some((token) => !tokens.has(token))),
  ],
  [
    'a password has one of two names',
    () => passwords.filter(({ name = '' }) => !['password', 'password_again'].includes(name)),
  ],
  [
    'a password says whether it is the current or a new one',
    () => passwords.filter(({ autocomplete = '' }) => !/^(?:current|new)-password$/.test(autocomplete)),
  ],
  [
    'a new password has one or two fields, a current one has one',
    () =>
      forms.filter(({ fields }) => {
        const here = fields.filter(({ type }) => type === 'password')
        const fresh = here.filter(({ autocomplete }) => autocomplete === 'new-password').length
        return here.length - fresh > 1 || fresh > 2
      }),
  ],
  [
    'no password is cut, checked or filtered by the browser',
    () => passwords.filter(({ maxlength, pattern }) => maxlength !== undefined || pattern !== undefined),
  ],
  [
    'a form with a password has one user name',
    () =>
      forms.filter(
        ({ fields }) =>
          fields.some(({ type }) => type === 'password') &&
          fields.filter(({ autocomplete = '' }) => autocomplete.split(' ').includes('username')).length !== 1,
      ),
  ],
  [
    'a user name is neither corrected nor capitalised',
    () =>
      typed.filter(
        ({ autocomplete = '', autocapitalize, spellcheck, readonly }) =>
          autocomplete.includes('username') &&
          readonly === undefined &&
          (autocapitalize !== 'none' || spellcheck !== 'false'),
      ),
  ],
  ['webauthn is the last token', () => typed.filter(({ autocomplete = '' }) => /\bwebauthn\b(?!$)/.test(autocomplete))],
  [
    'digits bring the keyboard of digits',
    () =>
      typed.filter(
        ({ name = '', type, inputmode, page = '' }) =>
          (name === 'phone' || (name === 'code' && !/recover|device|merging/.test(page))) &&
          type !== 'tel' &&
          inputmode !== 'numeric' &&
          inputmode !== 'tel',
      ),
  ],
  [
    'a form is posted, in the form encoding',
    () => forms.filter(({ attributes }) => attributes['method'] !== 'post' || attributes['enctype'] !== undefined),
  ],
  [
    'a form is not hidden from password managers',
    () => forms.filter(({ attributes }) => attributes['autocomplete'] === 'off'),
  ],
  [
    'a button says that it sends the form',
    () => forms.filter(({ buttons }) => buttons.some(({ type }) => type === undefined)),
  ],
  ['a page fits the width of a phone', () => pagesWithout(/<meta name="viewport" content="width=device-width/)],
  ['a page can be made larger by hand', () => pagesWith(/user-scalable|maximum-scale/)],
  [
    'an id is on a page once: a label and a password manager find one field',
    () =>
      rendered.filter(({ html }) => {
        const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)
        return new Set(ids).size < ids.length
      }),
  ],
  ['a field to type in has an id', () => typed.filter(({ id = '', readonly }) => id === '' && readonly === undefined)],
  [
    'a typed field has a label, or is there for password managers only',
    () =>
      rendered.flatMap(({ page, html }) =>
        typed.filter(
          (field) =>
            field['page'] === page &&
            !html.includes(`<label for="${field['id']}"`) &&
            field['aria-label'] === undefined &&
            field['aria-hidden'] === undefined &&
            field['readonly'] === undefined,
        ),
      ),
  ],
  [
    'a user name for password managers stays in the page: what is not displayed is not found',
    () =>
      typed.filter(
        ({ autocomplete = '', hidden, style = '' }) =>
          autocomplete.includes('username') && (hidden !== undefined || /display:\s*none/.test(style)),
      ),
  ],
  [
    'a code of several digits is not corrected or completed by older words',
    () =>
      typed.filter(({ name, autocomplete }) => name === 'code' && !/^(?:off|one-time-code)$/.test(autocomplete ?? '')),
  ],
  ['a field of digits is text, and loses no zero', () => typed.filter(({ type }) => type === 'number')],
  [
    'a telephone number is offered from the address book',
    () =>
      typed.filter(
        ({ name, autocomplete = '' }) => name === 'phone' && !/^(?:tel|tel-national|off)$/.test(autocomplete),
      ),
  ],
  ['a paste is never refused', () => pagesWith(/onpaste|oncopy/)],
  [
    'no name of a field hides a method of the form',
    () =>
      forms.filter(({ fields }) =>
        fields.some(({ name = '' }) => ['submit', 'action', 'method', 'reset', 'elements'].includes(name)),
      ),
  ],
]

describe('every form of every page', () => {
  it('is looked at', () => {
    expect(forms.length).toBeGreaterThan(60)
    expect(typed.length).toBeGreaterThan(40)
    expect(passwords.length).toBeGreaterThan(8)
  })

  it.each(demands)('%s', (_demand, broken) => {
    expect(broken()).toEqual([])
  })
})
