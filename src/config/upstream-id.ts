/** The id of an upstream: small letters, digits and hyphens. */
export const upstreamId = /^[a-z0-9-]{1,32}$/
