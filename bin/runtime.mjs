// Plain JavaScript for Node.js 18 or later: reports a runtime that does not fit in one sentence.
const numbersOf = (version = '') => version.split('.').map((part) => Number.parseInt(part, 10))
const isBefore = (version, wanted) => {
  const [major = 0, minor = 0] = numbersOf(version)
  return major < wanted[0] || (major === wanted[0] && minor < wanted[1])
}

// argon2 is in node:crypto since 24.7, and some systems build Node.js with their own OpenSSL
const { node, openssl } = process.versions
const lack = isBefore(node, [24, 7])
  ? `Yideng needs Node.js 24.7 but this is ${node}. `
  : isBefore(openssl, [3, 2])
    ? `Yideng needs a Node.js with OpenSSL 3.2, for argon2, but this one has ${openssl}. `
    : undefined
if (lack !== undefined) {
  console.error(
    `${lack}Run "npm ci" again (it brings Node.js 24 for Linux on x64 and arm64), or install Node.js 24.7 or newer.`,
  )
  process.exit(1)
}
