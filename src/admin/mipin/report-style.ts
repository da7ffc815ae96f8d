import { readFileSync } from 'node:fs'

/** The tokens of our pages (docs/design.md), and what a printed report needs of its own. */
export const reportStyle = (): string =>
  `${readFileSync(new URL('../../../browser/css/1-tokens.css', import.meta.url), 'utf8')}
body { margin: 0 auto; max-width: 60rem; overflow-wrap: anywhere; padding: var(--s5) var(--s4) var(--s7); background: var(--paper); color: var(--ink); font: var(--t-small)/1.6 var(--fonts) }
h1 { font-size: var(--t-title); line-height: 1.35; margin: 0 0 var(--s3) }
h2 { font-size: var(--t-lead); line-height: 1.4; margin: var(--s6) 0 var(--s3) }
p, ul, dl, dd { margin: 0; padding: 0 }
ul { list-style: none }
code { font: 0.875em/1.5 ui-monospace, 'Noto Sans Mono', monospace; color: var(--soft) }
.notice { padding: var(--s3) var(--s4); border-radius: var(--r-control); background: var(--care-wash); color: var(--care); font-weight: 600 }
.facts { display: flex; flex-wrap: wrap; gap: var(--s2) var(--s5); margin: var(--s4) 0 0; color: var(--soft) }
.counts { display: flex; flex-wrap: wrap; gap: var(--s2); margin-top: var(--s3) }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: var(--r-sheet); overflow: hidden }
.row { padding: var(--s4); border-top: 1px solid var(--line) }
.row:first-child { border-top: 0 }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2); margin-bottom: var(--s1) }
.head b { font-size: var(--t-body) }
.duty { color: var(--soft) }
.head .pill { margin-inline-start: auto }
.pill { padding: 0.125rem 0.4375rem; border: 1px solid var(--line); border-radius: var(--r-pill); font-size: var(--t-tiny); font-weight: 600; color: var(--soft); background: var(--paper) }
.pill.good { background: var(--good-wash); border-color: transparent; color: var(--good) }
.pill.info { background: var(--info-wash); border-color: transparent; color: var(--info) }
.pill.care { background: var(--care-wash); border-color: transparent; color: var(--care) }
.pill.wrong { background: var(--wrong-wash); border-color: transparent; color: var(--wrong) }
.use { margin-top: var(--s3); padding-inline-start: var(--s3); border-inline-start: 3px solid var(--brand-mid) }
.use p { font-weight: 600 }
.use dl { display: grid; grid-template-columns: 5.5rem 1fr; gap: 0 var(--s3) }
.use dt, .add b, .lacking b { color: var(--soft); font-weight: 400 }
.lacking { margin-top: var(--s3); color: var(--wrong) }
.add { margin-top: var(--s3) }
.small { color: var(--soft) }
@media print {
  :root { color-scheme: light }
  body { max-width: none; padding: 0; background: none; font-size: 9.5pt }
  .row { break-inside: avoid }
  h2 { break-after: avoid }
  .sheet { border-radius: 0 }
  .pill { border-color: currentcolor }
}
@page { size: A4; margin: 16mm 14mm }
`
