import { readFileSync, statSync, writeFileSync, mkdirSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KyselyPlugin } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { openCookieKeys } from '../../src/keys/cookie-keys.ts'
import { openDataKeys } from '../../src/keys/data-keys.ts'
import { changeKeyFile } from '../../src/keys/key-file.ts'
import { shareKeys } from '../../src/keys/shared-keys.ts'
import { openSigningKeys } from '../../src/keys/signing-keys.ts'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const names = ['signing.json', 'cookies.json']

it('machines on one store get the same keys from any of them; the store shows none in clear text', async () => {
  const root = temporaryDirectory()
  const database = openDatabase(join(root, 'yideng.sqlite'))
  onTestFinished(() => database.destroy())
  await migrate(database)

  const machine = (name: string) => {
    const directory = join(root, name)
    if (name !== 'one') {
      mkdirSync(directory)
      copyFileSync(join(root, 'one', 'data.json'), join(directory, 'data.json'))
    }
    const { cipher } = openDataKeys(directory)
    openSigningKeys(directory, Date.now)
    openCookieKeys(directory)
    const file = join(directory, 'signing.json')
    return {
      file,
      share: () => shareKeys({ database, cipher, directory, names }),
      signing: () => readFileSync(file, 'utf8'),
      cookies: () => openCookieKeys(directory),
    }
  }
  const one = machine('one')
  const two = machine('two')
  const made = [one.signing(), two.signing()]
  await Promise.all([one.share(), two.share()])
  expect(made).toContain(one.signing())
  expect(two.signing()).toBe(one.signing())
  expect(two.cookies()).toEqual(one.cookies())
  expect(statSync(two.file).mode & 0o777).toBe(0o600)

  const rotated = made[0]?.replace('"keys"', '"rotated": true, "keys"') ?? ''
  writeFileSync(two.file, rotated)
  await one.share()
  expect(two.signing()).toBe(rotated)
  await two.share()
  await one.share()
  expect(one.signing()).toBe(rotated)

  // A machine that was offline takes the store's keys, and its own concurrent change loses.
  writeFileSync(one.file, `${rotated} `)
  writeFileSync(two.file, `${rotated}\n`)
  await one.share()
  await two.share()
  expect(two.signing()).toBe(`${rotated} `)
  const three = machine('three')
  await three.share()
  expect(three.signing()).toBe(one.signing())

  const kept = await database.selectFrom('house').selectAll().execute()
  expect(JSON.stringify(kept)).not.toMatch(/"d"|jwk/)
})

/** Runs `during` inside the first query. The query then returns the earlier rows, or `latest`. */
function slowly(during: () => Promise<void>, latest?: () => Promise<Record<string, unknown>[]>): KyselyPlugin {
  let happened = false
  return {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      if (happened) return result
      happened = true
      await during()
      return latest ? { ...result, rows: await latest() } : result
    },
  }
}

it.each(['before', 'after'])(
  'a process that read the store %s a command changed the keys loses none',
  async (asked) => {
    const directory = temporaryDirectory()
    const database = openDatabase(join(directory, 'yideng.sqlite'))
    onTestFinished(() => database.destroy())
    await migrate(database)
    const { cipher } = openDataKeys(directory)
    openSigningKeys(directory, Date.now)
    openCookieKeys(directory)
    const share = (plugin?: KyselyPlugin) =>
      shareKeys({ database: plugin ? database.withPlugin(plugin) : database, cipher, directory, names })
    await share()

    const rotate = async () => {
      changeKeyFile(directory, 'signing.json', (text) => ({ ...(text as object), rotated: true }))
      await share()
    }
    const row = () => database.selectFrom('house').select('value').where('key', '=', 'keys:signing.json').execute()
    await share(slowly(rotate, asked === 'after' ? row : undefined))
    await share()
    expect(readFileSync(join(directory, 'signing.json'), 'utf8')).toContain('rotated')
    const [kept] = await row()
    expect(cipher.open(kept?.value ?? '', 'house.value:keys:signing.json')).toContain('rotated')
  },
)
