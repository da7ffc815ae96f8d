import { expect, it } from 'vitest'
import { nearest } from '../../src/cli/nearest.ts'

it.each([
  ['clients', ['client', 'person', 'keys'], 'client'],
  ['lsit', ['create', 'list', 'show'], 'list'],
  ['redirect-urls', ['redirect-uri', 'name'], 'redirect-uri'],
  ['redirect', ['redirect-uri', 'name'], 'redirect-uri'],
  ['password', ['password-stdin', 'phone'], 'password-stdin'],
  ['frobnicate', ['client', 'person'], undefined],
  ['', ['client'], undefined],
])('%j among %j means %j', (typed, known, meant) => expect(nearest(typed, known)).toBe(meant))
