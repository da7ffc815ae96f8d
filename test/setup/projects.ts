import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

export type ProjectName = 'unit' | 'server' | 'browser'

/** A file that imports one of these modules, directly or through files of `test/`, needs more than its own process. */
const needs: readonly [module: string, project: ProjectName][] = [
  ['playwright-core', 'browser'],
  ['node:child_process', 'server'],
  ['pg', 'server'],
]

const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/\b(?:from|import) '([^']+)'|\bimport\('([^']+)'\)/g)].map(
    ([, fixed, dynamic]) => fixed ?? dynamic ?? '',
  )

/** Modules of packages and of Node.js that a test file reaches. The code under test does not count. */
function modulesOf(file: string, testDirectory: string, seen: Set<string>): string[] {
  if (seen.has(file)) return []
  seen.add(file)
  return importsOf(file).flatMap((name) => {
    if (!name.startsWith('.')) return [name]
    const target = join(dirname(file), name)
    return relative(testDirectory, target).startsWith('..') ? [] : modulesOf(target, testDirectory, seen)
  })
}

/**
 * Puts each test file into a project by its imports. `browser` starts Chromium; `server` starts processes or uses
 * PostgreSQL; `unit` does neither.
 * @param root directory of the repository
 * @returns paths relative to it
 */
export function filesOfProjects(root: string): Record<ProjectName, string[]> {
  const files: Record<ProjectName, string[]> = { unit: [], server: [], browser: [] }
  for (const path of globSync('test/**/*.test.ts', { cwd: root }).toSorted()) {
    const modules = new Set(modulesOf(join(root, path), join(root, 'test'), new Set()))
    const project = needs.find(([module]) => modules.has(module))?.[1] ?? 'unit'
    files[project].push(path)
  }
  return files
}
