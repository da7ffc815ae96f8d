import { createVendorNotes, type VendorState } from '../channels/vendor-calls-noted.ts'
import type { Clock } from '../config/clock.ts'
import { readFact, replaceFact } from '../storage/store-facts.ts'
import type { UpstreamFailure, Upstreams } from './upstream-client.ts'

/** How an upstream answered once: it named a person, or it failed. */
export type UpstreamOutcome = 'success' | UpstreamFailure

/** The side that a failure lies on. A person, or a stranger, may cause each of `theirs`. */
const faults: Readonly<Record<UpstreamFailure, 'theirs' | 'ours'>> = {
  declined: 'theirs',
  code_refused: 'theirs',
  answer_invalid: 'theirs',
  unavailable: 'ours',
  misconfigured: 'ours',
}

/** Every outcome, for series of metrics that begin at 0. */
export const upstreamOutcomes: readonly UpstreamOutcome[] = ['success', ...(Object.keys(faults) as UpstreamFailure[])]

/** Whether an outcome says that the upstream, or our registration there, does not work. */
export const isFault = (outcome: UpstreamOutcome): boolean => outcome !== 'success' && faults[outcome] === 'ours'

/** The last answers of an upstream, and the milliseconds of the last success. */
export interface UpstreamState extends VendorState {
  milliseconds: number | null
}

export interface UpstreamAnswers {
  /** Remembers an answer, in the background: neither a person nor their sign-in waits for it. */
  note(id: string, outcome: UpstreamOutcome, milliseconds: number): void
  /** @param id of an upstream; one that never answered has only nulls */
  read(id: string): Promise<UpstreamState>
}

const keyOf = (id: string) => `upstream ${id}`

/**
 * The last success and failure of each upstream, for administrators.
 * @param deps.failed called where an answer could not be stored
 */
export function createUpstreamAnswers(deps: Parameters<typeof createVendorNotes>[0]): UpstreamAnswers {
  const { database, failed = () => undefined } = deps
  const notes = createVendorNotes(deps)
  const write = async (id: string, outcome: UpstreamOutcome, milliseconds: number) => {
    if (!(await notes.note(keyOf(id), outcome === 'success' ? undefined : outcome))) return
    if (outcome === 'success') await replaceFact(database, keyOf(id), String(milliseconds))
  }
  return {
    note(id, outcome, milliseconds) {
      if (outcome === 'success' || isFault(outcome)) void write(id, outcome, milliseconds).catch(failed)
    },
    async read(id) {
      const none = { succeededAt: null, failedAt: null, fault: null }
      const fact = await readFact(database, keyOf(id))
      return {
        ...((await notes.read()).get(keyOf(id)) ?? none),
        milliseconds: fact === undefined ? null : Number(fact),
      }
    },
  }
}

/** The same upstreams; each answer to a sign-in is told, with its milliseconds. Checks are none. */
export function noteAnswers<Given extends Upstreams>(
  upstreams: Given,
  { answered, clock }: { answered: UpstreamAnswers['note']; clock: Clock },
): Given {
  return {
    ...upstreams,
    client(id) {
      const client = upstreams.client(id)
      return (
        client && {
          ...client,
          async begin(step) {
            const began = clock()
            const answer = await client.begin(step)
            if ('failure' in answer) answered(id, answer.failure, clock() - began)
            return answer
          },
          async identify(step, returned) {
            const began = clock()
            const answer = await client.identify(step, returned)
            answered(id, 'failure' in answer ? answer.failure : 'success', clock() - began)
            return answer
          },
        }
      )
    },
  }
}
