import { serviceNameOf } from '../../config/settings/operator.ts'
import type { Settings } from '../../config/settings.ts'
import { loadWords } from '../../pages/words.ts'
import { changeText, portalName } from './code-text.ts'
import type { TextDelivery } from './text-delivery.ts'

/** The language of a text that no browser asked for: accounts have none. */
const language = 'zh-CN'

/**
 * Tells the old number that a clerk has given the account another one. It is an act of an administrator, so no limit refuses it.
 * @returns whether it was handed to the sender
 */
export async function tellOldNumber(
  { textDelivery, settings }: { textDelivery: TextDelivery; settings: Pick<Settings, 'operator'> },
  { phone: to, personId }: { phone: string; personId: string },
): Promise<boolean> {
  if (!textDelivery.reaches(to)) return false
  const { operator } = settings
  const portal = serviceNameOf(operator)
  const text = changeText(loadWords()(language), { portal, helpline: operator.helpline })
  await textDelivery.deliver({ to, purpose: 'bind', code: '', portal: portalName(portal), language, text }, personId)
  return true
}
