import { describe, expect, it } from 'vitest'
import { shownEvents } from '../../src/account-centre/shown-events.ts'
import { leads } from '../../src/account-centre/notice-leads.ts'
import { noticeKinds } from '../../src/accounts/notices.ts'
import { loginMethods } from '../../src/login-methods.ts'
import { languages } from '../../src/pages/languages.ts'
import { readWords } from '../../src/pages/words.ts'

describe.each(languages)('in %s', (language) => {
  const words = readWords(language)
  const missing = (area: string, names: readonly string[]) => names.filter((name) => !words.has(`${area}.${name}`))

  it('has words for every notice, every event of the history and every login method', () => {
    expect(missing('notices', noticeKinds)).toEqual([])
    expect(missing('history', shownEvents)).toEqual([])
    expect(
      missing(
        'methods',
        loginMethods.map(({ name }) => name),
      ),
    ).toEqual([])
  })
})

it('every notice links to a page of the account centre', () => {
  expect(Object.keys(leads).toSorted()).toEqual([...noticeKinds].toSorted())
  for (const lead of Object.values(leads)) expect(lead).toMatch(/^\/account(\/[a-z]|$)/)
})
