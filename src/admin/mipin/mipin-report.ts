import { existsSync, writeFileSync } from 'node:fs'
import { makeOwnedFile } from '../../storage/ownership.ts'
import { inChinese, inEnglish } from '../../text/console-words.ts'
import { command } from '../command.ts'
import { invalid } from '../outcome.ts'
import { readFacts } from './facts.ts'
import { documentOf } from './report-document.ts'
import { reportLines } from './report-lines.ts'
import { reportPage } from './report-page.ts'
import { reportOf } from './report.ts'

export default command({
  fields: {
    html: { type: 'text', placeholder: 'FILE', meaning: 'write the report into this new file, as a page to print' },
    language: { type: 'text', choices: ['zh-CN', 'en'], default: 'zh-CN', meaning: 'language of that page' },
  },
  access: { local: 'it examines the machine that it runs on' },
  example: 'npx yideng mipin report --html mipin.html',
  async run(context, { html, language }) {
    if (html !== undefined && existsSync(html))
      return invalid({ field: 'html', message: `${JSON.stringify(html)} exists already` })
    const report = reportOf(await readFacts(context))
    const document = documentOf(report, context.clock())
    if (html === undefined) return { ok: true, document, shown: { outline: reportLines(report) } }
    makeOwnedFile(html)
    writeFileSync(html, reportPage(report, context.clock(), language === 'en' ? inEnglish : inChinese()))
    return { ok: true, document, shown: [`Written to ${html}`] }
  },
})
