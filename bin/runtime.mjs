// Plain JavaScript for Node.js 18 or later: reports a too old runtime in one sentence.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
// 24.7 is the first version with argon2 in node:crypto
if (major < 24 || (major === 24 && minor < 7)) {
  console.error(
    `Yideng needs Node.js 24.7 but this is ${process.versions.node}. ` +
      'Run "npm ci" again (it brings Node.js 24 for Linux on x64 and arm64), or install Node.js 24.7 or newer.',
  )
  process.exit(1)
}
