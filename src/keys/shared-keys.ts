import { hash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../storage/database.ts'
import type { FieldCipher } from './field-cipher.ts'

const shared = ['signing.json', 'cookies.json']

const hashOf = (text: string) => hash('sha256', text, 'base64url')
const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)

function write(file: string, text: string): void {
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  renameSync(draft, file)
}

/**
 * Machines that share a store share its signing and cookie keys: the store holds the key files, sealed under the data
 * keys (data.json is the one file that is carried to each machine). Whoever's file was changed since it last was the
 * store's puts it there, by compare-and-set; all others take the store's. Their directory must have the files already.
 * @returns whether the store was changed, which the other machines have to know
 */
export async function shareKeys(options: {
  database: Database
  cipher: FieldCipher
  directory: string
}): Promise<boolean> {
  const { database, cipher, directory } = options
  let changed = false

  async function share(name: string): Promise<void> {
    const key = `keys:${name}`
    const place = `house.value:${key}`
    const file = join(directory, name)
    /** Hash of what the store held when this machine last looked. */
    const seenFile = join(directory, `.${name}.shared`)
    const own = readFileSync(file, 'utf8')
    const seal = () => cipher.seal(own, place)

    const stored = await database.selectFrom('house').select('value').where('key', '=', key).executeTakeFirst()
    if (!stored) {
      await database
        .insertInto('house')
        .values({ key, value: seal() })
        .onConflict((conflict) => conflict.column('key').doNothing())
        .execute()
      changed = true
      return share(name)
    }
    const text = cipher.open(stored.value, place)
    const seen = read(seenFile)
    if (text !== own && seen === hashOf(text)) {
      const change = database.updateTable('house').set({ value: seal() }).where('key', '=', key)
      await change.where('value', '=', stored.value).execute()
      changed = true
      return share(name)
    }
    if (text !== own) write(file, text)
    if (seen !== hashOf(text)) write(seenFile, hashOf(text))
    return undefined
  }

  for (const name of shared) await share(name)
  return changed
}
