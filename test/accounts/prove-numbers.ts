import { readSettings } from '../../src/config/settings.ts'
import { openServices } from '../../src/services.ts'

/** A process of its own: proves one number for several persons at once, when it is told to, and prints the results. */
const [phone = '', now = '', ...ids] = process.argv.slice(2)
const { phoneProofs, close } = await openServices(readSettings(process.env), () => Number(now))
process.stdout.write('ready\n')
await new Promise((resolve) => process.stdin.once('data', resolve))
const results = await Promise.all(
  ids.map((personId) => phoneProofs.recordAlone({ personId, phone, how: 'sms' }, { actor: 'person' })),
)
process.stdout.write(`${JSON.stringify(results)}\n`)
process.stdin.destroy()
await close()
