/**
 * Addresses that some parser takes for a registered one, or that lead a browser elsewhere. None of them is the registered
 * address `http://localhost:<port>/old/callback` (RFC 3986, WHATWG URL; RFC 9700 section 4.1).
 */
export function confusionsOf(registered: string): [string, string][] {
  const { port, host } = new URL(registered)
  const path = '/old/callback'
  const own = `http://${host}`
  return [
    // user information
    ['a user name', `http://user@${host}${path}`],
    ['a user name and password', `http://user:password@${host}${path}`],
    ['the registered host as user name', `http://${host}@evil.example${path}`],
    ['an encoded @ after the host', `http://${host}%40evil.example${path}`],
    ['an empty user name', `http://@${host}${path}`],
    // scheme
    ['another scheme', `https://${host}${path}`],
    ['the scheme in capital letters', `HTTP://${host}${path}`],
    ['no scheme', `//${host}${path}`],
    ['one slash after the scheme', `http:/${host}${path}`],
    ['three slashes after the scheme', `http:///${host}${path}`],
    ['a script', `javascript:location='http://${host}${path}'`],
    ['a data address', `data:text/html,${own}${path}`],
    // host and port
    ['a longer host', `http://${host}.evil.example${path}`],
    ['a sub-domain', `http://sub.localhost:${port}${path}`],
    ['the host in capital letters', `http://LOCALHOST:${port}${path}`],
    ['a final dot of the host', `http://localhost.:${port}${path}`],
    ['a wide letter in the host', `http://ｌocalhost:${port}${path}`],
    ['another port', `http://localhost:${Number(port) + 1}${path}`],
    ['no port', `http://localhost${path}`],
    ['a zero before the port', `http://localhost:0${port}${path}`],
    ['the same host as IPv4', `http://127.0.0.1:${port}${path}`],
    ['the same host as IPv6', `http://[::1]:${port}${path}`],
    ['IPv4 inside IPv6', `http://[::ffff:127.0.0.1]:${port}${path}`],
    ['IPv4 as one number', `http://2130706433:${port}${path}`],
    // path
    ['a longer path', `${own}${path}/more`],
    ['a path with one more letter', `${own}${path}x`],
    ['a shorter path', `${own}/old`],
    ['a slash at the end', `${own}${path}/`],
    ['a path in another case', `${own}/OLD/callback`],
    ['a dot segment', `${own}/old/./callback`],
    ['two dots', `${own}/old/x/../callback`],
    ['two dots behind', `${own}${path}/../evil`],
    ['encoded dots', `${own}/old/%2e%2e/old/callback`],
    ['an encoded slash', `${own}/old%2fcallback`],
    ['an encoded letter', `${own}/old/%63allback`],
    ['an encoding of an encoding', `${own}/old/%2563allback`],
    ['two slashes', `${own}//old/callback`],
    ['a matrix parameter', `${own}${path};x=1`],
    // backslashes, fragments, white space and control characters
    ['a backslash before the host', `http:\\\\${host}${path}`],
    ['a backslash and @', `http://${host}\\@evil.example${path}`],
    ['a backslash in the path', `${own}\\old\\callback`],
    ['a fragment', `${own}${path}#more`],
    ['an empty fragment', `${own}${path}#`],
    ['an encoded fragment', `${own}${path}%23more`],
    ['a space before', ` ${own}${path}`],
    ['a space behind', `${own}${path} `],
    ['a line end', `${own}${path}\n`],
    ['a tab inside', `${own}/old/call\tback`],
    ['a null character', `${own}${path}\0`],
    ['nothing', ''],
  ]
}

/** For protocols that compare the query too. */
export const queriesOf = (registered: string): [string, string][] => [
  ['a query', `${registered}?x=1`],
  ['an empty query', `${registered}?`],
  ['a second question mark', `${registered}??`],
]
