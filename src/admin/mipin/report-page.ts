import { hash } from 'node:crypto'
import { chinaTimeZone } from '../../config/china-time.ts'
import { escapeText } from '../../pages/escape.ts'
import type { ConsoleWords } from '../../text/console-words.ts'
import type { AnsweredClause, ClauseState, Use } from './clause.ts'
import type { Risk, RiskState } from './high-risks.ts'
import type { ManagementClause } from './management-clauses.ts'
import { reportStyle } from './report-style.ts'
import { holderWords, labels, notice, reportTitle, riskWords, stateWords } from './report-words.ts'
import type { AlgorithmInUse, Report } from './report.ts'

type Tone = 'good' | 'info' | 'care' | 'wrong' | ''

const stateTones: Readonly<Record<ClauseState, Tone>> = {
  met: 'good',
  partly: 'care',
  product: 'info',
  unmet: 'wrong',
  elsewhere: '',
}
const riskTones: Readonly<Record<RiskState, Tone>> = { high: 'wrong', judge: 'care', absent: 'good', elsewhere: '' }

/** Says a text of ours as HTML; a text that it does not know, such as a path, stays as it is. */
type Say = (text: string) => string

/**
 * The report as one page to print: without script, and without another file.
 * @param now milliseconds since 1970 UTC
 */
export function reportPage(report: Report, now: number, { language, say }: ConsoleWords): string {
  const t: Say = (text) => escapeText(say(text))
  const { facts, algorithms, layers, management, risks } = report
  const style = reportStyle()
  const policy = `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'`
  const made = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: chinaTimeZone })
  const states = layers.flatMap(({ clauses }) => clauses.map(({ state }) => state))
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${t(reportTitle)}</title><style>${style}</style></head>
<body>
<main>
<h1>${t(reportTitle)}</h1>
<p class="notice">${t(notice)}</p>
<p class="facts"><span>${made.format(now)}</span><code>${escapeText(facts.issuer)}</code><code>YIDENG_SUITE=${facts.suite}</code><code>YIDENG_SM2_KEYS=${facts.sm2Keys}</code></p>
${countsOf(labels.clauses, states, stateWords, stateTones, t)}
${countsOf(
  labels.risks,
  risks.map(({ state }) => state),
  riskWords,
  riskTones,
  t,
)}
${section(
  t(labels.algorithms),
  algorithms.map((one) => algorithmRow(one, t)),
)}
${layers
  .map((layer) =>
    section(
      `${layer.id} ${t(layer.title)}`,
      layer.clauses.map((clause) => clauseRow(clause, t)),
    ),
  )
  .join('\n')}
${section(
  t(labels.management),
  management.map((clause) => managementRow(clause, t)),
)}
${section(
  t(labels.allRisks),
  risks.map((risk) => riskRow(risk, t)),
)}
</main>
</body>
</html>
`
}

const section = (heading: string, rows: readonly string[]) =>
  `<section><h2>${heading}</h2><div class="sheet">${rows.map((row) => `<div class="row">${row}</div>`).join('\n')}</div></section>`

const pill = (text: string, tone: Tone) => `<span class="pill${tone ? ` ${tone}` : ''}">${text}</span>`

/** How many have each state. */
function countsOf<S extends string>(
  heading: string,
  states: readonly S[],
  words: Readonly<Record<S, string>>,
  tones: Readonly<Record<S, Tone>>,
  t: Say,
): string {
  const pills = (Object.keys(words) as S[]).flatMap((state) => {
    const many = states.filter((one) => one === state).length
    return many === 0 ? [] : [pill(`${t(words[state])} ${many}`, tones[state])]
  })
  return `<p class="counts"><span>${t(heading)}</span>${pills.join('')}</p>`
}

const head = (name: string, beside: string, badge: string) =>
  `<p class="head"><b>${name}</b>${beside ? `<span class="duty">${beside}</span>` : ''}${badge}</p>`

const list = (texts: readonly string[], t: Say) =>
  `<ul class="small">${texts.map((one) => `<li>${t(one)}</li>`).join('')}</ul>`

function algorithmRow({ name, standard, inUse, uses, keys }: AlgorithmInUse, t: Say): string {
  const tone = inUse ? (standard === undefined ? 'care' : 'good') : ''
  const badge = pill(t(inUse ? labels.inUse : labels.notInUse), tone)
  const ready =
    keys.length > 0 ? `<p class="small">${t(labels.ready)} <code>${escapeText(keys.join(' '))}</code></p>` : ''
  return `${head(name, t(standard ?? labels.noStandard), badge)}${uses.length > 0 ? list(uses, t) : ''}${ready}`
}

const labelled = (kind: string, label: string, text: string, t: Say) =>
  `<p class="${kind}"><b>${t(label)}</b> ${t(text)}</p>`

const clauseRow = ({ id, obligation, asks, state, uses, gaps, add }: AnsweredClause, t: Say) =>
  [
    head(id, t(obligation), pill(t(stateWords[state]), stateTones[state])),
    `<p>${t(asks)}</p>`,
    ...uses.map((use) => useOf(use, t)),
    ...gaps.map((gap) => labelled('lacking', labels.lacking, gap, t)),
    labelled('add', labels.add, add, t),
  ].join('\n')

function useOf({ what, algorithms, keys, place, held, code, evidence }: Use, t: Say): string {
  const rows: [string, string][] = [
    [labels.algorithm, escapeText(algorithms.join(' '))],
    [labels.key, `${keys.length > 0 ? `<code>${escapeText(keys.join(' '))}</code> ` : ''}${t(holderWords[held])}`],
    ...(place ? [[labels.place, t(place)] as [string, string]] : []),
    [labels.code, `<code>${escapeText(code.join(' '))}</code>`],
    [labels.evidence, `<code>${escapeText(evidence)}</code>`],
  ]
  const cells = rows.map(([label, text]) => `<dt>${t(label)}</dt><dd>${text}</dd>`).join('')
  return `<div class="use"><p>${t(what)}</p><dl>${cells}</dl></div>`
}

const evidenceOf = (evidence: string | undefined) => (evidence ? ` <code>${escapeText(evidence)}</code>` : '')

const managementRow = ({ id, shows, helps, evidence }: ManagementClause, t: Say) =>
  `${head(id, '', '')}<p>${t(shows)}</p>${helps ? `<p class="small">${t(helps)}${evidenceOf(evidence)}</p>` : ''}`

const riskRow = ({ id, condition, state, finding, evidence }: Risk, t: Say) =>
  `${head(id, '', pill(t(riskWords[state]), riskTones[state]))}<p>${t(condition)}</p><p class="small">${t(finding)}${evidenceOf(evidence)}</p>`
