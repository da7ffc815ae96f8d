/** Scope → claims (docs/portals.md). Registration, request, consent page, discovery, grants and tokens go by this one table. */
export const scopeClaims: Record<string, string[]> = {
  openid: ['sub', 'acr', 'amr', 'auth_time'],
  profile: ['name', 'gender', 'birthdate', 'updated_at'],
  phone: ['phone_number', 'phone_number_verified'],
  identity: ['id_type', 'id_number'],
  representee: ['representee'],
}

/** How somebody signed in, which every client is told. */
export const alwaysGiven: readonly string[] = [...(scopeClaims['openid'] ?? []), 'sid', 'iss']
