/** One entry of 电子证照库, as its API answers it (examples/licences). */
export interface Licence {
  kind: string
  number: string
  issuer: string
  validUntil: string
}

/**
 * Asks the API for the person's licences, in their name.
 * @throws Error when it does not answer with them
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
