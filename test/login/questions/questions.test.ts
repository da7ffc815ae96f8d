import { describe, expect, it } from 'vitest'
import { questions } from '../../../src/login/questions/questions.ts'
import { createPrompts, type CheckDeps } from '../../../src/oidc/prompts.ts'

const deps = { exchangeConsents: { missing: async () => ({}) } } as unknown as CheckDeps

describe('the questions of a running login', () => {
  it('are the prompts of oidc-provider, in the order of the list', () => {
    expect(createPrompts(questions, deps).map(({ name }) => name)).toEqual([
      'login',
      'closing',
      'level',
      'offer',
      'select_representee',
      'consent',
      'select_account',
    ])
  })

  it('keep the checks of oidc-provider, without those they replace', () => {
    const policy = createPrompts(questions, deps)
    const reasons = (name: string) => policy.get(name)?.checks.map(({ reason }) => reason)
    expect(reasons('login')).toEqual([
      'login_prompt',
      'no_session',
      'max_age',
      'id_token_hint',
      'claims_id_token_sub_value',
      'way_too_weak',
      'account_gone',
      'other_person',
    ])
    expect(reasons('select_representee')).toEqual(['representee_open'])
    expect(reasons('consent')).toContain('consent_prompt')
    expect(reasons('consent')?.at(-1)).toBe('exchange_missing')
  })

  it('cover every prompt of oidc-provider: a missing one stops the start', () => {
    const some = questions.filter(({ name }) => name !== 'consent')
    expect(() => createPrompts(some, deps)).toThrow('no question for the prompt consent')
  })
})
