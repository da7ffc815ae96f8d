import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { ContentionError, replaceArtifact, retryChange, updateArtifact } from '../../src/storage/compare-and-set.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

function openArtifacts() {
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), handClock().clock)
  onTestFinished(() => artifacts.close())
  return artifacts
}

const entry = { kind: 'kind', id: 'id', ttl: 60 }
const addOne = (before: string | undefined) => {
  const value = String(Number(before ?? 0) + 1)
  return { value, result: value }
}

it('loses no change of writers that come at once', async () => {
  const artifacts = openArtifacts()
  const results = await Promise.all(Array.from({ length: 40 }, () => updateArtifact(artifacts, entry, addOne)))
  expect(new Set(results).size).toBe(40)
  expect(await artifacts.get('kind', 'id')).toBe('40')
})

it('writes nothing without a value', async () => {
  const artifacts = openArtifacts()
  expect(await updateArtifact(artifacts, entry, (before) => ({ result: before }))).toBeUndefined()
  expect(await artifacts.get('kind', 'id')).toBeUndefined()
})

it('never creates again what was removed', async () => {
  const artifacts = openArtifacts()
  await artifacts.put('kind', 'id', 'read', { ttl: 60 })
  const replace = (value: string) => replaceArtifact(artifacts, { ...entry, before: 'read', value })
  expect(await replace('second')).toBe(true)
  expect(await replace('third')).toBe(true)
  expect(await artifacts.get('kind', 'id')).toBe('third')
  await artifacts.remove('kind', 'id')
  expect(await replace('fourth')).toBe(false)
  expect(await artifacts.get('kind', 'id')).toBeUndefined()
})

it('gives up when other writers are always faster', async () => {
  const lost = { get: async () => 'other', add: async () => false, compareAndSet: async () => false }
  await expect(updateArtifact(lost, entry, addOne)).rejects.toBeInstanceOf(ContentionError)
  expect(await retryChange(async () => undefined)).toBeUndefined()
})
