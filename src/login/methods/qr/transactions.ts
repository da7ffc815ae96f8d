import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../config/clock.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { updateArtifact } from '../../../storage/compare-and-set.ts'
import type { Publish } from '../../../storage/events.ts'
import { step, transactionSchema, type QrEvent, type QrOutcome, type QrTimes, type QrTransaction } from './states.ts'

const kind = 'qr'
/** An ended login is stored this long, so that both browsers can show the reason. */
const keptSeconds = 300

export type QrOpening = Pick<
  QrTransaction,
  'attempt' | 'endsAt' | 'clientId' | 'domain' | 'level' | 'scopes' | 'claims' | 'legalPerson' | 'waiter' | 'computer'
>

/** The outcome of one event, with the transaction before it. */
export interface Applied extends QrOutcome {
  before: QrTransaction
}

/** QR logins in the artifact store; several processes may change the same one. */
export interface QrTransactions {
  create(opening: QrOpening): Promise<{ id: string; transaction: QrTransaction }>
  /** As it is now, an end by time included; undefined for an unknown id. */
  find(id: string): Promise<QrTransaction | undefined>
  /** One that was read earlier, as it is now if only time has passed. */
  now(transaction: QrTransaction): QrTransaction
  /** Applies one event by compare-and-set; undefined for an unknown id. */
  apply(id: string, event: QrEvent): Promise<Applied | undefined>
}

export function createQrTransactions(options: {
  artifacts: Artifacts
  publish: Publish
  clock: Clock
  times: QrTimes
}): QrTransactions {
  const { artifacts, publish, clock, times } = options
  const ttl = Object.values(times).reduce((sum, seconds) => sum + seconds, keptSeconds)
  const read = (value: string) => transactionSchema.parse(JSON.parse(value))
  const now = (transaction: QrTransaction) => step(transaction, { kind: 'tick' }, clock(), times).after

  return {
    async create(opening) {
      const id = randomBytes(16).toString('base64url')
      const transaction: QrTransaction = {
        state: 'created',
        ...opening,
        createdAt: clock(),
        needsCode: false,
        codeRight: false,
        wrongCodes: 0,
      }
      await artifacts.put(kind, id, JSON.stringify(transaction), { ttl })
      return { id, transaction }
    },

    async find(id) {
      const value = await artifacts.get(kind, id)
      return value === undefined ? undefined : now(read(value))
    },

    now,

    async apply(id, event) {
      const done = await updateArtifact(artifacts, { kind, id }, (value) => {
        if (value === undefined) return { result: undefined }
        const before = read(value)
        const outcome = step(before, event, clock(), times)
        const text = JSON.stringify(outcome.after)
        const changed = text !== value
        return { value: changed ? text : undefined, result: { applied: { before, ...outcome }, changed } }
      })
      if (done?.changed) publish('qr', id)
      return done?.applied
    },
  }
}
