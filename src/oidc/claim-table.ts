/**
 * Scope → claims (docs/portals.md). Registration, request, consent page, discovery, grants and tokens all use this table.
 * Consent is stored by scope. A claim that is added to a scope reaches portals without a new question,
 * if the person agreed to the scope earlier (test/oidc/agreed-scopes.test.ts). A claim with its own consent needs a new scope.
 */
export const scopeClaims: Record<string, string[]> = {
  openid: ['sub', 'acr', 'amr', 'auth_time'],
  profile: ['name', 'gender', 'birthdate', 'updated_at'],
  phone: ['phone_number', 'phone_number_verified'],
  identity: ['id_type', 'id_number'],
  representee: ['representee'],
}

/** Every client gets the claims about the sign-in itself. */
export const alwaysGiven: readonly string[] = [...(scopeClaims['openid'] ?? []), 'sid', 'iss']
