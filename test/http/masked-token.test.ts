import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { masked, unmasked } from '../../src/http/masked-token.ts'
import { Visitor } from '../setup/visitor.ts'
import { usualServer } from '../setup/server.ts'

test('a masked token is another text each time, and one token', () => {
  const token = randomBytes(32)
  const texts = Array.from({ length: 20 }, () => masked(token))
  expect(new Set(texts).size).toBe(20)
  for (const text of texts) expect(unmasked(text).equals(token)).toBe(true)
  for (const text of ['', 'A', 'AAA', masked(randomBytes(32)), token.toString('base64url'), masked(token).slice(2)])
    expect(unmasked(text).equals(token), text).toBe(false)
})

test('two pages of one browser have two tokens, and the form of either is taken; another browser’s is not', async () => {
  const server = await usualServer()
  const tokenIn = (html: string) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
  const [visitor, other] = [new Visitor(server.issuer), new Visitor(server.issuer)]
  const tokens = [tokenIn((await visitor.get('/register')).html), tokenIn((await visitor.get('/register')).html)]
  expect(new Set(tokens).size).toBe(2)
  for (const csrf of tokens) expect((await visitor.post('/register', { csrf })).status).not.toBe(403)
  const foreign = tokenIn((await other.get('/register')).html)
  for (const csrf of [foreign, '', 'x'.repeat(86)]) expect((await visitor.post('/register', { csrf })).status).toBe(403)
})
