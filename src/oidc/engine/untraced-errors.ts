import { errors } from 'oidc-provider'

/** An error without a stack trace. */
class Untraced extends Error {
  constructor(...args: ConstructorParameters<typeof Error>) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    try {
      super(...args)
    } finally {
      Error.stackTraceLimit = limit
    }
  }
}

/**
 * oidc-provider creates three errors in advance at each userinfo request, and captures each stack trace twice (README.md).
 * Its errors name the fault of the portal, so they need no trace. All other errors keep theirs.
 */
export function leaveOutTraces(): void {
  const { OIDCProviderError } = errors
  Object.setPrototypeOf(OIDCProviderError, Untraced)
  const capture = Error.captureStackTrace
  Error.captureStackTrace = (target, from) => {
    if (!(target instanceof OIDCProviderError)) capture(target, from)
  }
}
