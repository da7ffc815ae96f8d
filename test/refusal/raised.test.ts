import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { refusals } from '../../src/refusal/refusal.ts'

const source = new URL('../../src/', import.meta.url)

/** The lists of codes and their words; a code there is not raised yet. */
const declares = /^refusal\/refusal\.ts$|\/declaration\.ts$/

const texts = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !declares.test(file))
  .map((file) => readFileSync(new URL(file, source), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''))

it.each(Object.keys(refusals))('%s is raised somewhere', (code) => {
  expect(texts.some((text) => text.includes(`'${code}'`))).toBe(true)
})
