// Gives a server of a test a clock that the test moves: `node --import` this file before the server.
// It reads the offset in milliseconds (one double) from the file YIDENG_TEST_CLOCK. Timers keep their real time.
import { openSync, readSync } from 'node:fs'

const file = openSync(process.env.YIDENG_TEST_CLOCK, 'r')
const buffer = Buffer.alloc(8)
const now = Date.now.bind(Date)
let offset = 0
let readAt = -1

Date.now = () => {
  // at most once a millisecond: a request asks for the time more than a hundred times
  if (performance.now() - readAt > 1) {
    readSync(file, buffer, 0, 8, 0)
    offset = buffer.readDoubleLE()
    readAt = performance.now()
  }
  return now() + offset
}

globalThis.Date = new Proxy(Date, {
  construct: (target, values, newTarget) =>
    Reflect.construct(target, values.length === 0 ? [target.now()] : values, newTarget),
  apply: (target) => new target(target.now()).toString(),
})
