import { fixedIndex } from '../../keys/data-keys.ts'
import { readKeysInStore } from '../../keys/keys-in-store.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../outcome.ts'
import { rotateData, rotateIndex } from './rotate.ts'

/** A data key may be prepared for the suite before: then two are made. */
const mostTurns = 2

type Done = Extract<Outcome, { ok: true }>

/** Makes data keys until the current one has the suite. Undefined where it had it before. */
async function moveData(context: CommandContext): Promise<Outcome | undefined> {
  const { dataKeys, settings } = await context.services()
  let outcome: Outcome | undefined
  for (let turn = 0; turn < mostTurns; turn += 1) {
    dataKeys.refresh()
    const { current } = dataKeys.ids()
    if (dataKeys.suiteOf(current) === settings.suite) break
    outcome = await rotateData(context)
    if (!outcome.ok || outcome.fault !== undefined) break
  }
  return outcome
}

/** The same for the keys that accounts are found by. */
async function moveIndex(context: CommandContext): Promise<Outcome | undefined> {
  const { dataKeys, database, settings } = await context.services()
  let outcome: Outcome | undefined
  for (let turn = 0; turn < mostTurns; turn += 1) {
    const { index } = await readKeysInStore(database)
    if (index.length === 1 && dataKeys.suiteOf(index[0]) === settings.suite) break
    outcome = await rotateIndex(context)
    if (!outcome.ok || outcome.fault !== undefined) break
  }
  return outcome
}

export default command({
  fields: {},
  access: { role: 'admin', about: 'system', touches: ['signing keys'] },
  example: 'npx yideng keys reseal',
  async run(context): Promise<Outcome> {
    const { settings, dataKeys } = await context.services()
    const data = await moveData(context)
    if (data && !data.ok) return data
    const index = await moveIndex(context)
    if (index && !index.ok) return index
    const done = [data, index].filter((one): one is Done => one !== undefined)
    const document = { suite: settings.suite, data: data?.document ?? null, index: index?.document ?? null }
    const fault = done.map((one) => one.fault).find((one) => one !== undefined)
    const notes = [
      ...new Set(done.flatMap((one) => one.notes ?? [])),
      ...(done.length === 0 ? [`All stored data has the algorithms of ${settings.suite} already.`] : []),
      ...(dataKeys.suiteOf(fixedIndex) === settings.suite
        ? []
        : ['Registers, devices and recovery codes stay under the index key of the first start: docs/keys.md']),
    ]
    return fault === undefined ? { ok: true, document, notes } : { ok: true, document, notes, fault }
  },
})
