import { readFile, stat } from 'node:fs/promises'
import { importSeeds, openSeeds } from './tokens.ts'
import { command } from '../command.ts'
import { invalid } from '../outcome.ts'

/** Some 50,000 tokens. */
const longestFile = 16_000_000

export default command({
  fields: {
    file: {
      type: 'text',
      positional: true,
      required: true,
      placeholder: 'FILE.jwe',
      meaning: 'the sealed file of seeds: JWE by a passphrase, with a JSON object in each line (docs/otp.md)',
    },
    passphrase: { type: 'secret', required: true, meaning: 'the passphrase of the file' },
  },
  access: { local: 'the seeds of tokens stay on the server' },
  example: 'npx yideng person import-tokens tokens.jwe --passphrase-stdin < passphrase.txt',
  async run(context, { file, passphrase }) {
    const unusable = (message: string) => invalid({ field: 'file', message })
    const shown = JSON.stringify(file)
    const sealed = await read(file)
    if (sealed === undefined) return unusable(`${shown} cannot be read, or is longer than 16 MB.`)
    const text = await openSeeds(sealed, passphrase)
    if (text === undefined)
      return unusable(`${shown} does not open: wrong passphrase, or not sealed as docs/otp.md says.`)
    const services = await context.services()
    const { cipher, blindIndex } = services.dataKeys
    const report = await importSeeds({ ...services, cipher, blindIndex }, text, { actor: context.actor })
    const { malformed } = report
    return {
      ok: true,
      document: report,
      shown: [`Imported ${report.imported}, known before ${report.known}, malformed ${malformed.length}.`],
      ...(malformed.length > 0
        ? { fault: `These lines were not imported: ${malformed.slice(0, 20).join(', ')}.` }
        : {}),
    }
  },
})

/** Undefined where the file cannot be read, or is too long. */
async function read(file: string): Promise<string | undefined> {
  try {
    if ((await stat(file)).size > longestFile) return undefined
    return await readFile(file, 'utf8')
  } catch {
    return undefined
  }
}
