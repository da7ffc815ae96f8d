import type { NaturalPerson } from '../../accounts/natural-persons.ts'
import { endLinks } from '../../accounts/upstream-keeping.ts'
import type { UpstreamLink } from '../../accounts/upstream-links.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { CommandContext } from '../command-context.ts'
import { failed, iso, type Outcome } from '../outcome.ts'
import { actorWithReason, personCommand, reasonField } from './person-command.ts'

const time = (at: number | null) => (at === null ? null : iso(at))

async function listing(context: CommandContext, links: readonly UpstreamLink[]): Promise<Outcome> {
  const { upstreams, clock } = await context.services()
  const names = new Map(upstreams.list().map(({ id, name }) => [id, name]))
  const document = links.map(({ upstream, level, way, opened, ...link }) => ({
    upstream,
    // null for an upstream that the settings do not have: the link is no way in
    name: names.get(upstream) ?? null,
    level,
    way,
    opened_the_account: opened,
    paused: link.pausedAt !== null,
    linked_at: iso(link.linkedAt),
    last_used_at: time(link.lastUsedAt),
    held_until: time((link.heldUntil ?? 0) > clock() ? link.heldUntil : null),
    undo_until: time((link.undoUntil ?? 0) > clock() ? link.undoUntil : null),
  }))
  return {
    ok: true,
    document,
    shown: {
      columns: ['UPSTREAM', 'NAME', 'LEVEL', 'WAY', 'PAUSED', 'LINKED', 'LAST USED', 'HELD UNTIL', 'UNDO UNTIL'],
      rows: document.map((one) => [
        one.upstream,
        one.name,
        one.level,
        one.way,
        one.paused ? 'yes' : 'no',
        one.linked_at,
        one.last_used_at,
        one.held_until,
        one.undo_until,
      ]),
    },
    notes: document.length > 0 ? [] : ['This person has linked no account of another system.'],
  }
}

async function removing(
  context: CommandContext,
  input: { remove: string; reason?: string | undefined },
  { id }: NaturalPerson,
  links: readonly UpstreamLink[],
): Promise<Outcome> {
  const [first, ...others] = links.filter(({ upstream }) => upstream === input.remove)
  if (!first) return failed('This person has linked no account of that system.')
  const by = actorWithReason(context, input)
  try {
    await endLinks(await context.services(), [first, ...others], { stay: [], by, undo: false })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.code === 'last_way_in')
      return failed('It is the last way in of this person.', 'First: npx yideng person reset-password PERSON')
    return failed('The links of this person have just changed.', 'Look at them again, and repeat.')
  }
  return { ok: true, document: { id, upstream: input.remove, removed: 1 + others.length } }
}

export default personCommand({
  fields: {
    remove: {
      type: 'text',
      placeholder: 'UPSTREAM',
      meaning: 'id of a system: all links to it end, with all sign-ins',
    },
    reason: reasonField,
  },
  access: { role: 'operator', about: 'system', touches: ['an account'] },
  example: 'npx yideng person links 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11 --remove foshan --reason "asked by telephone"',
  async run(context, input, person) {
    const { upstreamLinks } = await context.services()
    const links = await upstreamLinks.of(person.id)
    const { remove } = input
    return remove === undefined ? listing(context, links) : removing(context, { ...input, remove }, person, links)
  },
})
