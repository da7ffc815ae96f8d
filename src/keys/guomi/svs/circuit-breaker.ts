/** Failures in a row after which a server is left alone. */
const mostFailures = 3
/** Milliseconds until it gets another try. */
const restMs = 5000

export interface CircuitBreaker {
  /** Whether a call would be refused now. */
  isOpen(): boolean
  /** Whether its last calls failed, also while the next one would be let through. */
  isFailing(): boolean
  failed(): void
  succeeded(): void
}

/** Leaves a server alone that has failed several times, so that a caller does not wait for it. @param now milliseconds of a steady clock */
export function createCircuitBreaker(now: () => number = () => performance.now()): CircuitBreaker {
  let failures = 0
  let openUntil = -Infinity
  return {
    isOpen: () => now() < openUntil,
    isFailing: () => failures >= mostFailures,
    failed() {
      failures += 1
      if (failures >= mostFailures) openUntil = now() + restMs
    },
    succeeded() {
      failures = 0
      openUntil = -Infinity
    },
  }
}
