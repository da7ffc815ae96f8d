// An adapter between Yideng and a closed system: docs/upstream-adapter.md has the protocol.
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify, SignJWT } from 'jose'
import { personOf } from './closed-system.mjs'

const { YIDENG = 'http://localhost:3000', ADAPTER = 'http://localhost:4100', KEY = 'adapter.pem' } = process.env
const key = createPrivateKey(readFileSync(KEY))
const yidengKeys = createRemoteJWKSet(new URL(`${YIDENG}/jwks`))
const expected = { algorithms: ['ES256'], typ: 'yideng-upstream-request+jwt', issuer: YIDENG, audience: ADAPTER }

/** Where the browser goes back to, with the signed answer: a person, or an error. */
async function back(request, answer) {
  const response = await new SignJWT({ ...answer, nonce: request.nonce })
    .setProtectedHeader({ alg: 'ES256', typ: 'yideng-upstream-response+jwt' })
    .setIssuer(ADAPTER)
    .setAudience(YIDENG)
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(key)
  return `${request.redirect_uri}?response=${response}`
}

createServer(async (incoming, outgoing) => {
  try {
    const url = new URL(incoming.url, ADAPTER)
    // throws for a request that Yideng did not sign for this adapter in the last five minutes
    const { payload: request } = await jwtVerify(url.searchParams.get('request') ?? '', yidengKeys, expected)
    const { page, answer } = await personOf(url)
    if (answer) outgoing.writeHead(303, { location: await back(request, answer) }).end()
    else
      outgoing
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'referrer-policy': 'no-referrer' })
        .end(page)
  } catch (error) {
    outgoing.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end('请求有误 The request is wrong.\n')
    console.error(error.code ?? error.message)
  }
}).listen(new URL(ADAPTER).port, 'localhost', () => console.log(`adapter: ${ADAPTER}`))
