import type { Reporter, TestCase } from 'vitest/node'

/** Names at the end each test that passed only at its second try: one of them depends on chance, or the code does. */
export default class SecondTries implements Reporter {
  readonly #names: string[] = []

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) this.#names.push(`${test.module.relativeModuleId} > ${test.fullName}`)
  }

  onTestRunEnd(): void {
    for (const name of this.#names) console.log(`PASSED AT THE SECOND TRY: ${name}`)
  }
}
