/** One portal's part of a session that has ended. */
export interface LogoutNotice {
  clientId: string
  personId: string
  /** The `sid` that the portal knows. */
  sessionId: string
}

/** Notifies one portal that a session ended (OpenID Connect Back-Channel Logout 1.0). Throws when the portal fails. */
export type Deliver = (notice: LogoutNotice) => Promise<void>
