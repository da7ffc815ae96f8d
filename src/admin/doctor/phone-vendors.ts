import type { PhoneProbe } from '../../channels/phone-probes.ts'
import { createVendorNotes, neverAnswered, type NotedVendor } from '../../channels/vendor-calls-noted.ts'
import { textsOfToday } from '../../guards/phone-codes/day-budget.ts'
import type { Services } from '../../services.ts'
import type { Finding } from './finding.ts'
import { openExisting } from '../existing-artifacts.ts'

/** Share of a day's budget from which an operator should look. */
const muchOfBudget = 0.8

const names: Record<NotedVendor, string> = {
  sender: 'texts',
  owners: 'owners of numbers',
  recycled: 'recycled numbers',
  onetap: 'one-tap',
}

/** The vendors for telephone numbers: whether they answer and accept the key, and what became of the calls before. No text is sent. */
export async function phoneVendors(services: Services): Promise<Finding[]> {
  const probed = await Promise.all(services.phoneProbes.map((probe) => examineVendor(services, probe)))
  return [...probed, ...(await importedNumbers(services)), ...(await budget(services))]
}

async function examineVendor(services: Services, probe: PhoneProbe): Promise<Finding> {
  const { vendor, name, host } = probe
  const what = names[vendor]
  const { succeededAt, failedAt, fault } = (await createVendorNotes(services).read()).get(vendor) ?? neverAnswered
  const [succeeded, failed] = [succeededAt ?? 0, failedAt ?? 0]
  const answer = await probe.run()
  if (answer === 'silent') {
    const todo = 'let this machine reach it; name an inner network in YIDENG_OUTBOUND_NETWORKS (docs/operations.md)'
    return { state: 'fail', what, finding: `${name} at ${host} does not answer`, todo }
  }
  if (answer === 'refused') {
    const todo = 'correct the key in the file of YIDENG_PHONE_VENDORS, or its right at the vendor'
    return { state: 'fail', what, finding: `${name} at ${host} refuses the key`, todo }
  }
  if (failed > succeeded) {
    const finding = `${name} answers, but the last call failed at ${moment(failed)}: ${fault ?? ''}`
    const todo =
      vendor === 'sender'
        ? 'npx yideng audit list --event text.not-sent shows each with its fault'
        : 'look for this code in the documents of the vendor'
    return { state: 'warn', what, finding, todo }
  }
  const accepts = answer === 'accepted' ? `${name} answers and does not refuse the key` : `${name} answers`
  const calls = succeeded > 0 ? `the last call succeeded at ${moment(succeeded)}` : 'there was no call yet'
  return { state: 'ok', what, finding: `${accepts}; ${calls}` }
}

const moment = (at: number) => `${new Date(at).toISOString().slice(0, 16)}Z`

/** Without an imported number, no person reaches level 3 by a phone. */
async function importedNumbers({ settings, database }: Services): Promise<Finding[]> {
  if (settings.phone.owners !== 'register' || settings.phone.sender === 'none') return []
  const { many } = await database
    .selectFrom('phone_register')
    .select(({ fn }) => fn.countAll<number | string>().as('many'))
    .executeTakeFirstOrThrow()
  const what = names.owners
  if (Number(many) > 0) return [{ state: 'ok', what, finding: `${many} numbers are imported` }]
  const todo = 'npx yideng register import FILE --kind phones; or set YIDENG_PHONE_OWNERS=webhook'
  return [{ state: 'warn', what, finding: 'no number is imported, so no phone leads to level 3', todo }]
}

async function budget({ settings, clock }: Services): Promise<Finding[]> {
  const { sender, dayBudget } = settings.phone
  if (sender === 'none') return []
  const artifacts = await openExisting(settings, clock).catch(() => undefined)
  const today = artifacts ? await textsOfToday(artifacts).finally(() => artifacts.close()) : 0
  const what = 'budget of texts'
  const finding = `${today} of ${dayBudget} texts of today`
  if (today < dayBudget * muchOfBudget) return [{ state: 'ok', what, finding }]
  const todo = 'npx yideng audit list --event text.limit-reached shows pumping; else raise YIDENG_SMS_DAY_BUDGET'
  return [{ state: 'warn', what, finding, todo }]
}
