import { readFile } from 'node:fs/promises'
import { sm2 } from 'sm-crypto-v2'

/** 验证一个 SM2 令牌；不对就抛出错误。 */
export function verify(token, { keys }, { issuer, audience }) {
  const parts = token.split('.')
  if (parts.length !== 3) throw new Error('不是令牌')
  const [header, claims] = parts.slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  if (header.alg !== 'SGD_SM3_SM2') throw new Error(`不接受算法 ${header.alg}`)
  const key = keys.find(({ kid, crv }) => kid === header.kid && crv === 'SM2-P-256')
  if (!key) throw new Error('没有这把公钥')

  const point = `04${hex(key.x)}${hex(key.y)}`
  const signature = hex(parts[2])
  const raw = signature.length === 128
  if (raw && !inRange(signature)) throw new Error('签名不对')
  const options = { hash: true, userId: '1234567812345678', der: !raw }
  if (!sm2.doVerifySignature(Buffer.from(`${parts[0]}.${parts[1]}`), signature, point, options))
    throw new Error('签名不对')

  if (claims.iss !== issuer) throw new Error('签发者不对')
  if (![claims.aud].flat().includes(audience)) throw new Error('不是给这个门户的')
  if (!(claims.exp * 1000 > Date.now())) throw new Error('已过期')
  return claims
}

const hex = (text) => Buffer.from(text, 'base64url').toString('hex')

/** r 和 s 都在 1 到 n-1 之间。 */
function inRange(signature) {
  const order = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n
  return [signature.slice(0, 64), signature.slice(64)].every(
    (one) => BigInt(`0x${one}`) > 0n && BigInt(`0x${one}`) < order,
  )
}

if (process.argv[1] === import.meta.filename) {
  const [from = '', issuer, audience] = process.argv.slice(2)
  const keys = from.startsWith('http') ? await (await fetch(from)).json() : JSON.parse(await readFile(from, 'utf8'))
  let token = ''
  for await (const chunk of process.stdin) token += chunk
  try {
    console.log(JSON.stringify(verify(token.trim(), keys, { issuer, audience })))
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
