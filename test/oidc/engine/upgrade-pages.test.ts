import { globSync, readFileSync } from 'node:fs'
import type { Context } from 'koa'
import { Provider } from 'oidc-provider'
import { expect, it } from 'vitest'
import { itsForm } from '../../../src/oidc/engine/answer-forms.ts'
import { internalsOf } from '../../../src/oidc/engine/internals.ts'

const provider = new Provider('https://upgrade.example')

it('a form that it sends by its script has the title that our page looks for (answer-forms.ts)', () => {
  const ctx = { status: 404, response: { get: () => '' }, type: '', body: '' }
  const send = internalsOf(provider).responseModes.get('form_post')
  send?.(ctx as unknown as Context, 'https://portal.example/', { code: 'x' })
  expect(ctx.body).toContain(itsForm)
})

it('its other pages have a hook, or belong to a feature that is off', () => {
  const lib = new URL('../../../node_modules/oidc-provider/lib/', import.meta.url).pathname
  const drawn = globSync('**/*.js', { cwd: lib }).filter((file) => /<!doctype/i.test(readFileSync(lib + file, 'utf8')))
  expect(drawn.toSorted()).toEqual([
    'helpers/defaults.js', // sources of device flow, sign-out and errors: all are ours (provider.ts, device-flow.ts)
    'response_modes/form_post.js', // answer-forms.ts
    'response_modes/web_message.js', // webMessageResponseMode is off
    'views/layout.js', // devInteractions is off
  ])
  expect(internalsOf(provider).responseModes.has('web_message')).toBe(false)
})

it('no other module of it sends a form by its script', () => {
  const lib = new URL('../../../node_modules/oidc-provider/lib/', import.meta.url).pathname
  const senders = globSync('**/*.js', { cwd: lib }).filter((file) =>
    readFileSync(lib + file, 'utf8').includes('response_modes/form_post.js'),
  )
  expect(senders.toSorted()).toEqual([
    'actions/authorization/resume.js', // answer-forms.ts
    'actions/code_verification.js', // a link with a code, and no link of ours carries one (device-flow.ts)
    'actions/end_session.js', // answer-forms.ts
  ])
})
