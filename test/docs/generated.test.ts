import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { generatedDocs } from '../../docs/generate.ts'
import { documentedSettings } from '../../src/config/settings.ts'

it.each(Object.entries(generatedDocs()))('%s is what npm run docs writes', (path, text) => {
  const file = new URL(`../../${path}`, import.meta.url)
  expect(existsSync(file) && readFileSync(file, 'utf8'), 'run: npm run docs').toBe(text)
})

it('has the Chinese meaning of every setting in docs/settings.zh-CN.json, and of no other', () => {
  const text = readFileSync(new URL('../../docs/settings.zh-CN.json', import.meta.url), 'utf8')
  const names = documentedSettings.map(({ name }) => name)
  expect(Object.keys(JSON.parse(text) as object).sort()).toEqual(names.sort())
})
