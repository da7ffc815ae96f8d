import type { Services } from '../../src/services.ts'

/** The link that stops the newest recovery of a person, as their inbox has it. */
export async function stopLink(services: Services, personId: string): Promise<string> {
  const notices = await services.inbox.list(personId, 10)
  const token = notices.find(({ kind, restricted }) => kind === 'account-recovered' && restricted['stop'])?.restricted
  if (!token) throw new Error('no notice has a link')
  return `/recover/stop/${token['stop']}`
}
