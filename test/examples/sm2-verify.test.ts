import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'
import { usualServer } from '../setup/server.ts'
import { verifiesLiveTokens, verifiesVectors } from './sm2-tokens.ts'

describe('examples/sm2-verify/node', () => {
  const directory = fileURLToPath(new URL('../../examples/sm2-verify/node', import.meta.url))
  const verifier = { command: [process.execPath, 'verify.mjs'], directory }

  it('verifies the vector and refuses what is wrong', { timeout: 60_000 }, () => verifiesVectors(verifier))

  it('verifies ID tokens of a running server', async () => verifiesLiveTokens(verifier, await usualServer()))
})
