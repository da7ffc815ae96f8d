import type { Reporter, TestCase, TestSuite } from 'vitest/node'

const casesOf = (one: TestCase | TestSuite) => (one.type === 'test' ? [one] : [...one.children.allTests()])

/** One line for an example: what ran, or why nothing did. */
function lineOf(one: TestCase | TestSuite): string {
  const state = one.type === 'test' ? one.result().state : one.state()
  const results = casesOf(one).map((test) => test.result())
  const ran = results.filter((result) => result.state === 'passed').length
  const notes = results.map((result) => (result.state === 'skipped' ? result.note : undefined))
  const why = notes.find((note) => note !== undefined) ?? 'not on this machine'
  if (state === 'failed') return `FAILED   ${one.name}`
  return ran > 0 ? `ran      ${one.name} (${ran})` : `not run  ${one.name}: ${why}`
}

/** Lists at the end each example: what ran, what failed, what did not run and why. */
export const report: Reporter = {
  onTestRunEnd(modules) {
    const lines = modules.flatMap((module) => [...module.children].map(lineOf))
    console.log(`\nPortals:\n${lines.toSorted().join('\n')}`)
  },
}
