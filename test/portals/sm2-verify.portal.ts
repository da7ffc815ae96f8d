import { afterAll, beforeAll, describe, it } from 'vitest'
import { verifiesLiveTokens, verifiesVectors, type Verifier } from '../examples/sm2-tokens.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { build } from './build.ts'

// examples/sm2-verify in Java and Go; the one for Node.js runs with `npm test` (test/examples/sm2-verify.test.ts)

const verifiers = {
  java: {
    command: ['java', '-cp', 'target/classes:target/lib/*', 'Verify'],
    needs: ['java', 'mvn'],
    fetch: [['mvn', '-q', '-B', '-Dmaven.main.skip', 'package']],
    compile: [['mvn', '-q', '-B', 'package']],
  },
  go: {
    command: ['./verify'],
    needs: ['go'],
    fetch: [['go', 'mod', 'download']],
    compile: [['go', 'build', '-o', 'verify', '.']],
  },
}

let server: RunningServer
beforeAll(async () => {
  server = await startServer()
})

describe.each(Object.entries(verifiers))('examples/sm2-verify/%s', (name, { command, ...how }) => {
  let verifier: Verifier | undefined
  let why = ''
  beforeAll(async () => {
    const built = await build({ folder: `sm2-verify/${name}`, ...how })
    if ('notRun' in built) why = built.notRun
    else verifier = { command, directory: built.directory }
  }, 600_000)
  afterAll(() => {
    if (why) console.log(`Not run: examples/sm2-verify/${name}: ${why}.`)
  })

  it('verifies the vector and refuses what is wrong', async ({ skip }) =>
    verifier ? verifiesVectors(verifier) : skip(why))

  it('verifies ID tokens of a running server', async ({ skip }) =>
    verifier ? verifiesLiveTokens(verifier, server) : skip(why))
})
