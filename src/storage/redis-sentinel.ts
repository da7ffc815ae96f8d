import { createClient } from 'redis'
import { sentinelAddress, type SentinelAddress } from '../config/sentinel-address.ts'

/** For each question: a Sentinel without an answer must not delay a failover. */
const askMs = 1000

/** What the Sentinels of an address answer: a master of this name, none of this name, or nothing. */
export type Answer = { url: string } | 'unknown' | 'silent'

async function ask<T>(url: string, command: string[]): Promise<T> {
  const client = createClient({ url, socket: { connectTimeout: askMs, reconnectStrategy: false } })
  client.on('error', () => undefined) // connect() rejects with it
  const late = setTimeout(() => client.isOpen && client.destroy(), askMs)
  try {
    await client.connect()
    return await client.sendCommand<T>(command)
  } finally {
    clearTimeout(late)
    if (client.isOpen) client.destroy()
  }
}

/** Asks all Sentinels at once. */
export const answersOf = ({ sentinels, name, redisAt }: SentinelAddress): Promise<Answer[]> =>
  Promise.all(
    sentinels.map(async (url): Promise<Answer> => {
      try {
        const found = await ask<[string, string] | null>(url, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name])
        return found ? { url: redisAt(found[0], Number(found[1])) } : 'unknown'
      } catch {
        return 'silent'
      }
    }),
  )

/** Whether a Redis says itself that it is a master: a Sentinel that was cut off names the old one. */
async function isMaster(url: string): Promise<boolean> {
  try {
    return /^role:master\r?$/m.test(await ask<string>(url, ['INFO', 'replication']))
  } catch {
    return false
  }
}

/**
 * The address of the master now, as most Sentinels say and as it says itself.
 * @throws Error when no Sentinel answers, or none names a master that answers
 */
export async function masterAt(text: string): Promise<string> {
  const address = sentinelAddress(text)
  if (!address) throw new Error('no address of Sentinels')
  const answers = await answersOf(address)
  const named = answers.flatMap((answer) => (typeof answer === 'object' ? [answer.url] : []))
  const votes = (url: string) => named.filter((one) => one === url).length
  for (const url of [...new Set(named)].toSorted((one, other) => votes(other) - votes(one)))
    if (await isMaster(url)) return url
  if (named.length > 0) throw new Error('no master that the Sentinels name is one now')
  throw new Error(answers.includes('unknown') ? 'no Sentinel knows a master of this name' : 'no Sentinel answers')
}
