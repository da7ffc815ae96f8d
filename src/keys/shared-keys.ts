import { hash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { readFact, replaceFact } from '../storage/store-facts.ts'
import type { FieldCipher } from './field-cipher.ts'
import { changeKeyText } from './key-file.ts'
import { makeOwnedFile } from '../storage/ownership.ts'

/** A key file of this machine; the store may hold a copy. */
interface KeyFile {
  directory: string
  name: string
  cipher: FieldCipher
}

/**
 * The next step for one key file.
 *
 * - `give`: the file changed here since the store got it
 * - `take`: the store's copy changed
 * - `note`: both are equal, but this machine has not noted that
 */
type Step = 'nothing' | 'note' | 'take' | 'give'

/**
 * Shares signing and cookie keys among the machines of a store. The store holds the key files, sealed under the data
 * keys. An administrator copies data.json to each machine. The machine whose file changed writes it to the store; the
 * other machines replace their files.
 *
 * Several processes of a machine use one directory. So a process that finds a difference compares again inside its
 * write transaction. A command that changes the file holds the lock of the file until then.
 * @returns whether the store was changed; the caller then notifies the other machines
 * @throws Error when a command is changing the file at the same moment
 */
export async function shareKeys(options: {
  database: Database
  cipher: FieldCipher
  directory: string
  /** Files that this machine has. */
  names: readonly string[]
}): Promise<boolean> {
  const { database, cipher, directory, names } = options
  let changed = false
  for (const name of names) {
    const file = { directory, name, cipher }
    // Each transaction takes one step. The next step depends on the committed state.
    while (stepFrom(file, await stored(database, file)) !== 'nothing') {
      const step = await database.transaction().execute((transaction) => takeStep(transaction, file))
      changed ||= step === 'give'
    }
  }
  return changed
}

async function takeStep(transaction: DatabaseTransaction, file: KeyFile): Promise<Step> {
  const { directory, name } = file
  const text = await stored(transaction, file)
  const own = ownText(file)
  const step = stepFrom(file, text, own)
  if (step === 'give') {
    // Both are noted: the commit can fail, and a command can change the file before the next note.
    note(file, [text ?? own, own])
    await store(transaction, file, own)
  } else if (text !== undefined) {
    if (step === 'take') changeKeyText(directory, name, (now) => (now === own ? text : now))
    if (step === 'note') note(file, [text])
  }
  return step
}

function stepFrom(file: KeyFile, text: string | undefined, own = ownText(file)): Step {
  if (text === undefined) return 'give'
  const known = noted(file)
  const isNoted = known.includes(hashOf(text))
  if (text !== own) return isNoted ? 'give' : 'take'
  return isNoted && known.length === 1 ? 'nothing' : 'note'
}

const hashOf = (text: string) => hash('sha256', text, 'base64url')
const ownText = ({ directory, name }: KeyFile) => readFileSync(join(directory, name), 'utf8')

/** Hashes of the store's copy when this machine last compared. A file with another hash was changed here since then. */
const notes = ({ directory, name }: KeyFile) => join(directory, `.${name}.shared`)
const noted = (file: KeyFile) => (existsSync(notes(file)) ? readFileSync(notes(file), 'utf8').split('\n') : [])

function note(file: KeyFile, texts: readonly string[]): void {
  const draft = `${notes(file)}.${randomUUID()}`
  makeOwnedFile(draft)
  writeFileSync(draft, texts.map(hashOf).join('\n'), { flush: true })
  renameSync(draft, notes(file))
}

const rowOf = ({ name }: KeyFile) => `keys:${name}`
const aad = (file: KeyFile) => `house.value:${rowOf(file)}`

async function stored(within: Database | DatabaseTransaction, file: KeyFile): Promise<string | undefined> {
  const sealed = await readFact(within, rowOf(file))
  return sealed === undefined ? undefined : file.cipher.open(sealed, aad(file))
}

const store = (transaction: DatabaseTransaction, file: KeyFile, text: string): Promise<void> =>
  replaceFact(transaction, rowOf(file), file.cipher.seal(text, aad(file)))
