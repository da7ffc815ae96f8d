import { expect, it } from 'vitest'
import { addTokenKeys, openTokenKeys, retireTokenKeys, sm2PublicKeySet } from '../../src/keys/token-keys.ts'
import { fakeSignatureServer } from '../setup/signature-server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const ofSm2 = (where: Parameters<typeof openTokenKeys>[0]) =>
  openTokenKeys(where, Date.now).flatMap((key) => (key.alg === 'SGD_SM3_SM2' ? [key] : []))
const kidsIn = ({ keys }: { keys: object[] }) => keys.map((key) => String(Reflect.get(key, 'kid')))

it('the exported set of SM2 has software keys, retired ones, and those of the signature server, without a private half', async () => {
  const device = await fakeSignatureServer()
  const keysDir = temporaryDirectory()
  const none = { keysDir, sm2Keys: 'none' as const, svsFile: '' }
  const software = { ...none, sm2Keys: 'software' as const }
  const svs = { ...none, sm2Keys: 'svs' as const, svsFile: device.file }
  expect(sm2PublicKeySet(none, Date.now), 'and no file is made').toEqual({ keys: [] })
  expect(sm2PublicKeySet(none, Date.now)).toEqual({ keys: [] })

  const before = kidsIn(sm2PublicKeySet(software, Date.now))
  expect(before).toEqual(ofSm2(software).map(({ kid }) => kid))
  addTokenKeys(software, Date.now, Date.now())
  retireTokenKeys(software, Date.now, new Set(before))
  const [current] = ofSm2(software).map(({ kid }) => kid)
  // the portals moved to the device: their old tokens still name the old key
  const set = sm2PublicKeySet(svs, Date.now)
  expect(kidsIn(set)).toEqual([current, ...before, ...ofSm2(svs).map(({ kid }) => kid)])
  for (const key of set.keys) expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
})
