import type { ChannelAnswer, ChannelClient } from './channel-client.ts'

/** Any other text is no code, and the vendor is not asked. */
export const codeShape = /^[\x21-\x7e]{1,256}$/

/** No vendor gives this code, so the answer to it shows whether the registration is right. */
export const wrongCode = 'yideng-check'

/** The result of `check`: a vendor that knows the app refuses the wrong code, and nothing else. */
export function showsRegistration(answer: ChannelAnswer): Awaited<ReturnType<ChannelClient['check']>> {
  if (!('failure' in answer)) return { ok: false, failure: 'unavailable' }
  return answer.failure === 'code_refused' ? { ok: true } : { ok: false, failure: answer.failure }
}
