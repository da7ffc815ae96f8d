import { hash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { FieldCipher } from './field-cipher.ts'
import { changeKeyText } from './key-file.ts'

const shared = ['signing.json', 'cookies.json']

/** A key file of this machine beside what the store holds of it. */
interface KeyFile {
  directory: string
  name: string
  cipher: FieldCipher
}

/** `give`: changed here since the store had it. `take`: changed there. `note`: the same, which this machine has not noted. */
type Step = 'nothing' | 'note' | 'take' | 'give'

/**
 * Machines that share a store share its signing and cookie keys: the store holds the key files, sealed under the data
 * keys (data.json is the one file that is carried to each machine). Whoever's file was changed since it last was the
 * store's puts it there; all others take the store's. Their directory must have the files already.
 *
 * Several processes of a machine use one directory. So a process that finds a difference looks again when it has the
 * writers' turn, and acts on nothing it read before; a command that changes the file holds its lock meanwhile.
 * @returns whether the store was changed, which the other machines have to know
 * @throws Error when a command is changing the file at the same moment
 */
export async function shareKeys(options: {
  database: Database
  cipher: FieldCipher
  directory: string
}): Promise<boolean> {
  const { database, cipher, directory } = options
  let changed = false
  for (const name of shared) {
    const place = { directory, name, cipher }
    // each turn takes one step, and what is to be done next is seen once it is committed
    while (stepFrom(place, await stored(database, place)) !== 'nothing') {
      const step = await database.transaction().execute((transaction) => takeStep(transaction, place))
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
    // both, for a commit may fail, and a command may change the file again before what was given is noted
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

/** Hashes of what the store held when this machine last looked: whatever differs from it since was changed here. */
const notes = ({ directory, name }: KeyFile) => join(directory, `.${name}.shared`)
const noted = (file: KeyFile) => (existsSync(notes(file)) ? readFileSync(notes(file), 'utf8').split('\n') : [])

function note(file: KeyFile, texts: readonly string[]): void {
  const draft = `${notes(file)}.${randomUUID()}`
  writeFileSync(draft, texts.map(hashOf).join('\n'), { mode: 0o600, flag: 'wx', flush: true })
  renameSync(draft, notes(file))
}

const rowOf = ({ name }: KeyFile) => `keys:${name}`
const bound = (file: KeyFile) => `house.value:${rowOf(file)}`

async function stored(within: Database | DatabaseTransaction, file: KeyFile): Promise<string | undefined> {
  const row = await within.selectFrom('house').select('value').where('key', '=', rowOf(file)).executeTakeFirst()
  return row && file.cipher.open(row.value, bound(file))
}

async function store(transaction: DatabaseTransaction, file: KeyFile, text: string): Promise<void> {
  const value = file.cipher.seal(text, bound(file))
  await transaction
    .insertInto('house')
    .values({ key: rowOf(file), value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}
