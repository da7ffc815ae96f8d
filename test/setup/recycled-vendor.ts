import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterFile } from './after-file.ts'

/** `error` and `nothing` are a vendor that fails. */
type Says = 'same' | 'changed' | 'error' | 'nothing'

const results = { same: '2', changed: '1', error: '', nothing: '' }

/**
 * A vendor that says whether numbers have another subscriber (二次放号), and the file of YIDENG_PHONE_VENDORS that names it.
 * `says` changes its answer for a number without +86; every other number is the same subscriber's.
 */
export async function startRecycledVendor() {
  const verdicts = new Map<string, Says>()
  const asked: { phone: string; since: string }[] = []
  const server = createServer((incoming, response) => {
    const query = new URL(incoming.url ?? '', 'http://vendor').searchParams
    const phone = query.get('InputNumber') ?? ''
    asked.push({ phone, since: query.get('StartTime') ?? '' })
    const verdict = verdicts.get(phone) ?? 'same'
    if (verdict === 'nothing') return
    response.statusCode = verdict === 'error' ? 500 : 200
    response.end(JSON.stringify({ Code: 'OK', Data: { VerifyResult: results[verdict] } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const directory = mkdtempSync(join(tmpdir(), 'yideng-vendor-'))
  afterFile(() => {
    server.closeAllConnections()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const file = join(directory, 'vendors.json')
  const account = { accessKeyId: 'id', accessKeySecret: 'key', authCode: 'auth', endpoint }
  writeFileSync(file, JSON.stringify({ recycled: account }))
  return { file, asked, says: (phone: string, verdict: Says) => void verdicts.set(phone, verdict) }
}
