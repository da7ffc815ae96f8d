/** On https a browser takes a cookie of this name from this very host only, over https, for the whole of it (RFC 6265bis). */
export const hostCookie = (name: string, secure: boolean) => (secure ? `__Host-${name}` : name)
