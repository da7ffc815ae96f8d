/** The prefix `__Host-` binds a cookie to this host, to https and to the path `/` (RFC 6265bis 4.1.3.2). */
export const hostCookie = (name: string, secure: boolean) => (secure ? `__Host-${name}` : name)
