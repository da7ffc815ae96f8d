import type { Artifacts } from '../../storage/artifacts.ts'

const daySeconds = 86_400
/** Begun by one account in a day, whatever came of them. */
const mostBegun = 30
/** Longer than receiving, waiting and judging take; who was cut off by a crash waits as long. */
const oneAtATimeSeconds = 120

/** What keeps a face from being tried until it fits: counted in the artifact store, so over every process. */
export interface FaceLimits {
  blocked(personId: string): Promise<boolean>
  /** False when this account has begun too many today. */
  begin(personId: string): Promise<boolean>
  /** Receives and judges one capture of an account, never two at once; undefined when one runs. */
  alone<T>(personId: string, run: () => Promise<T>): Promise<T | undefined>
  /** Counts a failed one; true when it was the one that blocks the way for a day. */
  failed(personId: string): Promise<boolean>
}

export function createFaceLimits({ artifacts, failures }: { artifacts: Artifacts; failures: number }): FaceLimits {
  return {
    blocked: async (personId) => (await artifacts.get('face-blocked', personId)) !== undefined,
    begin: async (personId) => (await artifacts.increment('face-begun', personId, daySeconds)).count <= mostBegun,
    async alone(personId, run) {
      if (!(await artifacts.add('face-alone', personId, '1', { ttl: oneAtATimeSeconds }))) return undefined
      try {
        return await run()
      } finally {
        await artifacts.remove('face-alone', personId)
      }
    },
    async failed(personId) {
      const { count } = await artifacts.increment('face-failed', personId, daySeconds)
      return count >= failures && artifacts.add('face-blocked', personId, '1', { ttl: daySeconds })
    },
  }
}
