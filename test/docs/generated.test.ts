import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { generatedDocs } from '../../docs/generate.ts'

it.each(Object.entries(generatedDocs()))('%s is what npm run docs writes', (path, text) => {
  const file = new URL(`../../${path}`, import.meta.url)
  expect(existsSync(file) && readFileSync(file, 'utf8'), 'run: npm run docs').toBe(text)
})
