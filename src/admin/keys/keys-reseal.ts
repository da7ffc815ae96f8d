import { fixedIndex } from '../../keys/data-keys.ts'
import { sealedUnder } from '../../keys/sealed-columns.ts'
import { sealBySuite } from '../../keys/seal-rows.ts'
import { readKeysInStore } from '../../keys/keys-in-store.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../outcome.ts'
import { rotateData, rotateIndex, sealRest } from './rotate.ts'

/** A data key may be prepared for the suite before: then two are made. */
const mostTurns = 2

type Done = Extract<Outcome, { ok: true }>

/** Rotates until the keys have the suite. Undefined where they had it before. */
async function move(
  context: CommandContext,
  isMoved: () => Promise<boolean>,
  rotate: (context: CommandContext, wait?: boolean) => Promise<Outcome>,
): Promise<Outcome | undefined> {
  let outcome: Outcome | undefined
  for (let turn = 0; turn < mostTurns && !(await isMoved()); turn += 1) {
    outcome = await rotate(context)
    if (!outcome.ok || outcome.fault !== undefined) break
  }
  return outcome
}

export default command({
  fields: {},
  access: { role: 'admin', about: 'system', touches: ['signing keys'] },
  example: 'npx yideng keys reseal',
  async run(context): Promise<Outcome> {
    const { settings, dataKeys, database, seal, audit } = await context.services()
    const isOfSuite = (id: string) => dataKeys.suiteOf(id) === settings.suite
    const isDataMoved = async () => {
      dataKeys.refresh()
      return isOfSuite(dataKeys.ids().current)
    }
    const isIndexMoved = async () => {
      const { index } = await readKeysInStore(database)
      return index.length === 1 && isOfSuite(index[0])
    }
    /** A run that was killed left values under keys that seal no longer. */
    const isUnfinished = async () => {
      const { old } = dataKeys.ids()
      const left = old.length > 0 ? await sealedUnder(database, old) : []
      return left.some(({ column }) => column !== 'audit_events.restricted')
    }
    const rest = () => sealRest(context, { database, dataKeys, audit }, { resumed: true, before: 0 })
    const data = (await move(context, isDataMoved, rotateData)) ?? ((await isUnfinished()) ? await rest() : undefined)
    if (data && !data.ok) return data
    const index = await move(context, isIndexMoved, rotateIndex)
    if (index && !index.ok) return index
    const seals = (await isDataMoved()) ? await sealBySuite(database, seal) : 0
    const done = [data, index].filter((one): one is Done => one !== undefined)
    const document = { suite: settings.suite, data: data?.document ?? null, index: index?.document ?? null, seals }
    const fault = done.map((one) => one.fault).find((one) => one !== undefined)
    const notes = [
      ...new Set(done.flatMap((one) => one.notes ?? [])),
      ...(done.length === 0 && seals === 0 ? [`All stored data has the algorithms of ${settings.suite} already.`] : []),
      ...(isOfSuite(fixedIndex)
        ? []
        : ['Registers, devices and recovery codes stay under the index key of the first start: docs/keys.md']),
    ]
    return fault === undefined ? { ok: true, document, notes } : { ok: true, document, notes, fault }
  },
})
