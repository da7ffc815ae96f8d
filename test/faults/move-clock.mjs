// Moves the clock of the process that loads it by so many milliseconds as the file says: --import before the server.
import { readFileSync } from 'node:fs'

const real = Date.now.bind(Date)
let moved = 0
setInterval(() => (moved = Number(readFileSync(process.env.YIDENG_MOVED_CLOCK, 'utf8'))), 50).unref()
Date.now = () => real() + moved
const RealDate = Date
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [RealDate.now()] : args))
  }
}
