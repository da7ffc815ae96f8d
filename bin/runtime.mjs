// Plain JavaScript that any Node.js from 18 on can parse: says in one sentence when the runtime is too old.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `Yideng needs Node.js 24 but this is ${process.versions.node}. ` +
      'Run "npm ci" again (it brings Node.js 24 for Linux on x64 and arm64), or install Node.js 24 or newer.',
  )
  process.exit(1)
}
