import * as oidc from 'openid-client'

/** Responses of Yideng to a scanner (docs/qr-login.md). */
export interface ScanAnswer {
  id: string
  state: 'scanned' | 'approved' | 'redeemed' | 'declined' | 'expired' | 'aborted'
  /** Reason for the end. */
  reason?: string
  seconds_left?: number
  /** Four digits for the person to type into the computer. */
  code?: string
  /** Details that the person must see before the decision. */
  request?: {
    portal: { name: string; organisation: string; region: string }
    domain: string
    level: number
    legalPerson: boolean
    attributes: string[]
    computer: { browser: string; system: string; region: string; sameNetwork: boolean }
    secondsAgo: number
  }
}

/** A scanner inside an app. Its access token has the scope `qr` and is bound to a key of the device. */
export function createScanApi(options: {
  issuer: string
  configuration: oidc.Configuration
  accessToken: string
  DPoP: oidc.DPoPHandle
}) {
  const { issuer, configuration, accessToken, DPoP } = options

  async function call(step: string, content: object): Promise<ScanAnswer> {
    const answer = await oidc.fetchProtectedResource(
      configuration,
      accessToken,
      new URL(`/api/qr/${step}`, issuer),
      'POST',
      JSON.stringify(content),
      new Headers({ 'content-type': 'application/json', 'accept-language': 'zh-CN' }),
      { DPoP },
    )
    const body = (await answer.json()) as ScanAnswer & { error?: string }
    if (!answer.ok) throw new Error(body.error ?? String(answer.status))
    return body
  }

  return {
    /** `frame`: the full address in the QR code. Send it immediately, because it is valid for four seconds. */
    scan: (frame: string) => call('scan', { frame }),
    approve: (id: string) => call('approve', { id }),
    refuse: (id: string) => call('refuse', { id }),
  }
}
