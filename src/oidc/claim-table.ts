/**
 * Scope → claims (docs/portals.md). Registration, request, consent page, discovery, grants and tokens all use this table.
 * Consent is stored by scope. A person who agreed to a scope is not asked again when a claim is added to it.
 * So portals get the new claim at once (test/oidc/agreed-scopes.test.ts). A claim that needs consent of its own needs a new scope.
 */
export const scopeClaims: Record<string, string[]> = {
  openid: ['sub', 'acr', 'amr', 'auth_time', 'previous_sub'],
  profile: ['name', 'preferred_username', 'gender', 'birthdate', 'updated_at'],
  phone: ['phone_number', 'phone_number_verified'],
  identity: ['id_type', 'id_number'],
  representee: ['representee'],
}

/** Every client gets the claims about the sign-in itself. */
export const alwaysGiven: readonly string[] = [...(scopeClaims['openid'] ?? []), 'sid', 'iss']
