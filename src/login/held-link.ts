import type { UpstreamLinks } from '../accounts/upstream-links.ts'
import { isByUpstream } from '../assurance/levels.ts'

/**
 * Whether a sign-in rests on upstreams alone while a link that its person did not make is held: it changes nothing in the account
 * (facts/upstreams.md, case 3).
 */
export const restsOnHeldLink = async (
  { upstreamLinks }: { upstreamLinks: Pick<UpstreamLinks, 'heldUntil'> },
  { personId, amr }: { personId: string; amr: readonly string[] },
): Promise<boolean> => isByUpstream(amr) && (await upstreamLinks.heldUntil(personId)) !== undefined
