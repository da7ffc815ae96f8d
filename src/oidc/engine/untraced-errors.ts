import { errors } from 'oidc-provider'

/** An error without a trace. */
class Untraced extends Error {
  constructor(...given: ConstructorParameters<typeof Error>) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    try {
      super(...given)
    } finally {
      Error.stackTraceLimit = limit
    }
  }
}

/**
 * oidc-provider makes three errors ahead of need on every userinfo request, and asks for the trace of each twice: a
 * fifteenth of a whole sign-on (bench/README.md). Its errors say in words what a portal did wrong and need none; all others
 * keep theirs.
 */
export function leaveOutTraces(): void {
  const { OIDCProviderError } = errors
  Object.setPrototypeOf(OIDCProviderError, Untraced)
  const capture = Error.captureStackTrace
  Error.captureStackTrace = (target, from) => {
    if (!(target instanceof OIDCProviderError)) capture(target, from)
  }
}
