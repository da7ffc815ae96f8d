// Plain JavaScript for Node.js 18 or later: reports a too old runtime in one sentence.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `Yideng needs Node.js 24 but this is ${process.versions.node}. ` +
      'Run "npm ci" again (it brings Node.js 24 for Linux on x64 and arm64), or install Node.js 24 or newer.',
  )
  process.exit(1)
}
