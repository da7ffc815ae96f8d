/** One licence in a response of 电子证照库 (examples/licences). */
export interface Licence {
  kind: string
  number: string
  issuer: string
  validUntil: string
}

/**
 * Requests the person's licences from the API with the person's token.
 * @throws Error for any other response
 */
export async function readLicences(resource: string, accessToken: string): Promise<Licence[]> {
  const answer = await fetch(new URL('licences', resource), {
    headers: { authorization: `Bearer ${accessToken}` },
    signal: AbortSignal.timeout(5000),
  })
  if (!answer.ok) throw new Error(`${answer.status} ${answer.headers.get('www-authenticate') ?? ''}`)
  const { licences } = (await answer.json()) as { licences: Licence[] }
  return licences
}
