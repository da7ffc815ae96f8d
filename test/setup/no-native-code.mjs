// For `node --import`: native code cannot be loaded, as on a processor that no package was compiled for.
process.dlopen = (_module, file) => {
  throw new Error(`no native code: ${file}`)
}
