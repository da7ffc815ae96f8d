import { hostname, platform, userInfo } from 'node:os'

/** The user agent of this program. The page that approves the sign-in shows it. */
export function ownName(): string {
  let user = 'unknown'
  try {
    user = userInfo().username
  } catch {
    // in a container the user id may have no name
  }
  return `yideng-cli (${platform()}; ${user}@${hostname()})`.replaceAll(/[^\x20-\x7e]/g, '?')
}
