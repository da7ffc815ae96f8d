import { command } from '../command.ts'
import { readFacts } from './facts.ts'
import { documentOf } from './report-document.ts'
import { reportLines } from './report-lines.ts'
import { reportOf } from './report.ts'

export default command({
  fields: {},
  access: { local: 'it examines the machine that it runs on' },
  example: 'npx yideng mipin report',
  async run(context) {
    const report = reportOf(await readFacts(context))
    return { ok: true, document: documentOf(report, context.clock()), shown: { outline: reportLines(report) } }
  },
})
