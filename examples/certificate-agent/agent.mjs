// A program on a person's computer that signs for the sign-in page, in place of the program of a UKey: the protocol of
// docs/certificates.md. Usage: node agent.mjs ISSUER CERTIFICATE.pem KEY.pem [PORT] [--yes]. Its key is a file: for trying alone.
import { execFileSync } from 'node:child_process'
import { createPrivateKey, sign, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline/promises'

const asks = !process.argv.includes('--yes')
const [issuer, certificateFile, keyFile, port = '18900'] = process.argv.slice(2).filter((one) => !one.startsWith('--'))
const certificate = new X509Certificate(readFileSync(certificateFile)).raw.toString('base64')
const key = createPrivateKey(readFileSync(keyFile))
const mostBytes = 4096

/** node:crypto signs SM2 without the id of the signer, so OpenSSL does it. */
const signSm2 = (text) =>
  execFileSync('openssl', ['dgst', '-sm3', '-sign', keyFile, '-sigopt', 'distid:1234567812345678'], { input: text })

function signed(text) {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'rsa') return { algorithm: 'RSA-SHA256', signature: sign('sha256', text, key) }
  if (details?.namedCurve === 'prime256v1') return { algorithm: 'ECDSA-SHA256', signature: sign('sha256', text, key) }
  return { algorithm: 'SM2-SM3', signature: signSm2(text) }
}

/** The page that asks must be the one in the text. Else any page could have a text of the real one signed. */
const isOf = (text, origin) =>
  /^yideng-cert-1\n[^\n]+\n[^\n]+\n[^\n]+\n[\w-]{43}$/.test(text) && text.split('\n')[1] === origin

async function agrees(text) {
  if (!asks) return true
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`Sign in at ${text.split('\n')[1]} with this certificate? [y/N] `)
  terminal.close()
  return answer.trim().toLowerCase() === 'y'
}

async function textOf(request) {
  let body = ''
  for await (const chunk of request) if ((body += chunk).length > mostBytes) return undefined
  try {
    return JSON.parse(body).text
  } catch {
    return undefined
  }
}

const server = createServer(async (request, response) => {
  const { origin } = request.headers
  const end = (status, value) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  if (origin !== issuer || request.url !== '/yideng/sign') return end(403, { error: 'other-page' })
  response.setHeader('access-control-allow-origin', issuer)
  response.setHeader('access-control-allow-headers', 'content-type')
  response.setHeader('access-control-allow-private-network', 'true')
  response.setHeader('vary', 'origin')
  if (request.method === 'OPTIONS') return response.writeHead(204).end()
  const text = request.method === 'POST' ? await textOf(request) : undefined
  if (typeof text !== 'string' || !isOf(text, origin)) return end(400, { error: 'bad-text' })
  if (!(await agrees(text))) return end(409, { error: 'cancelled' })
  const { algorithm, signature } = signed(Buffer.from(text))
  return end(200, { certificate, signature: signature.toString('base64'), algorithm })
})
server.listen(Number(port), '127.0.0.1', () => console.log(`signs for ${issuer} at http://127.0.0.1:${port}`))
