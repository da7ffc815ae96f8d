import { hash } from 'node:crypto'

/** What a ticket carries from its login to its validation: when that login began, and for which service. */
export interface LoginMark {
  /** Seconds since 1970 UTC. */
  begunAt: number
  service: string
}

const hashOf = (service: string) => hash('sha256', service, 'base64url')

/** It travels as the nonce of our own request, which no browser can write. */
export const markOf = ({ begunAt, service }: LoginMark): string => `${begunAt}.${hashOf(service)}`

/** Whether a ticket is for this service, and when its login began; undefined for another service. */
export function begunAtOf(mark: string | undefined, service: string): number | undefined {
  const [begunAt, hashed] = (mark ?? '').split('.', 2)
  return hashed === hashOf(service) ? Number(begunAt) : undefined
}
