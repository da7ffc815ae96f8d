import { globSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { rolldown, type Plugin } from 'rolldown'

/** Packages with machine code, or with files that they find by their own address. Node.js loads them from node_modules. */
const external = /^(argon2|bcrypt|sharp|pg|sm-crypto-v2|@tensorflow|@vladmandic)(\/|$)/

/** `import(`./${name}/file.ts`)`: a folder chosen while the program runs. */
const chosenImport = /import\(`\.\/\$\{(\w+)\}\/(\w+\.ts)`\)/g
/** `new URL('./x-thread.ts', import.meta.url)`: the program of a thread, compiled beside the others. */
const threadAddress = /new URL\('\.\/([\w-]+-thread)\.ts', import\.meta\.url\)/g

/** The place of the address of the compiled file, until the addresses of sources are replaced. */
const chunk = '__address_of_this_chunk__'

/** What no compiler knows: files that a module finds by its own address, and modules that it chooses while it runs. */
function ownAddresses(root: string): Plugin {
  return {
    name: 'own-addresses',
    transform(code, id) {
      if (!id.startsWith(join(root, 'src/'))) return null
      const table = (_: string, name: string, file: string) => {
        const found = globSync(`*/${file}`, { cwd: dirname(id) }).toSorted()
        return `({${found.map((one) => `'${dirname(one)}': () => import('./${one}')`).join(',')}})[${name}]()`
      }
      return code
        .replaceAll(chosenImport, table)
        .replaceAll(threadAddress, `new URL('./$1.js', ${chunk})`)
        .replaceAll(/import\.meta\.url/g, `new URL('../${relative(root, id)}', import.meta.url).href`)
        .replaceAll(chunk, 'import.meta.url')
    },
  }
}

/**
 * Compiles server, command line and threads of an installation into `compiled/`, with the packages that they load at the start:
 * 280 files in place of 1,500. Other files stay where they are.
 * @param root absolute path of the installation
 */
export async function compile(root: string): Promise<void> {
  const threads = globSync('src/**/*-thread.ts', { cwd: root }).map((file) => [basename(file, '.ts'), join(root, file)])
  const input = {
    main: join(root, 'src/main.ts'),
    yideng: join(root, 'src/cli/yideng.ts'),
    ...Object.fromEntries(threads),
  }
  const build = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    external,
    logLevel: 'silent',
    plugins: [ownAddresses(root)],
  })
  await build.write({ dir: join(root, 'compiled'), format: 'esm', minify: false, comments: false })
  await build.close()
}
