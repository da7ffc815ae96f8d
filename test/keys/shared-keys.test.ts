import { readFileSync, statSync, writeFileSync, mkdirSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openCookieKeys } from '../../src/keys/cookie-keys.ts'
import { openDataKeys } from '../../src/keys/data-keys.ts'
import { shareKeys } from '../../src/keys/shared-keys.ts'
import { openSigningKeys } from '../../src/keys/signing-keys.ts'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

it('machines on one store end with the same keys, whoever made or changed them; the store shows none', async () => {
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
      share: () => shareKeys({ database, cipher, directory }),
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

  // a machine that was away takes what is there, and one that was changed at the same time does not win
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
