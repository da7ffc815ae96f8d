/** `.ci/fuzz` sets YIDENG_LONG_RUN: the tests that import this file then try more cases. */
const isLong = process.env['YIDENG_LONG_RUN'] === 'true'

/** Chooses a number of cases, or a list of them: `short` in `npm test`, `long` in `.ci/fuzz`. */
export const inLongRun = <T>(short: T, long: T): T => (isLong ? long : short)
