import { errors } from 'oidc-provider'

/**
 * The description of `invalid_scope` names the scope (RFC 6749 section 5.2). oidc-provider keeps it in a field of its own,
 * which libraries do not show. Its constructor assigns the description after the scope.
 */
export function nameRefusedScopes(): void {
  Object.defineProperty(errors.InvalidScope.prototype, 'error_description', {
    configurable: true,
    set(this: { scope?: string }, text: string) {
      const value = this.scope ? `${text}: ${this.scope}` : text
      Object.defineProperty(this, 'error_description', { value, configurable: true, enumerable: true, writable: true })
    },
  })
}
