/** How long the whole run may take, in seconds: `YIDENG_PORTALS_SECONDS`. Examples without a turn are named at the end. */
export const total = Number(process.env['YIDENG_PORTALS_SECONDS'] ?? 2400)

/** Set once for the run, by vitest.config.ts: each file has a process of its own. */
const until = Number(process.env['YIDENG_PORTALS_UNTIL'] ?? Number.POSITIVE_INFINITY)

/** Seconds that one example may build: no more than its share, and no longer than the run. */
export const secondsToBuild = (): number => Math.min(total / 4, (until - Date.now()) / 1000)
