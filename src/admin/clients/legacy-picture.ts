import { chinaTimeZone } from '../../config/china-time.ts'
import { escapeText as escaped } from '../../pages/escape.ts'
import type { Language } from '../../pages/languages.ts'
import { loadWords, type Translate } from '../../pages/words.ts'
import type { LegacyBoard } from './legacy-board.ts'

/** In units of the picture. */
const size = { width: 760, height: 240, gap: 3 } as const

const style = `
:root { color-scheme: light dark; --paper: #f7f4ed; --sheet: #fffefa; --ink: #1c201e; --soft: #545a56; --line: #e2dccf; --new: #0d5b52; --old: #d98a3d; --wrong: #a3261b }
@media (prefers-color-scheme: dark) { :root { --paper: #161b19; --sheet: #1e2522; --ink: #eceae3; --soft: #b3b8b1; --line: #39423d; --new: #7fc4b2; --old: #e0a05c; --wrong: #f0948a } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif }
h1 { font-size: 1.875rem; margin: 0 }
h2 { font-size: 1.25rem; margin: 0 0 .75rem }
.made, .legend, .most { color: var(--soft); font-size: .9375rem; margin: 0 }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 1rem; padding: 1.25rem; margin-top: 1.25rem; overflow-x: auto }
.facts { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem }
.facts p { margin: 0 }
.facts b { display: block; font-size: 2.5rem; line-height: 1.2 }
svg { display: block; width: 100%; height: auto }
.new { fill: var(--new); color: var(--new) }
.old { fill: var(--old); color: var(--old) }
.axis { stroke: var(--line) }
table { border-collapse: collapse; width: 100%; font-size: .9375rem }
th, td { text-align: start; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; min-width: 4.5rem }
td:first-child { min-width: 9rem }
td.number, th.number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap }
.wrong { color: var(--wrong); font-weight: 600 }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.25rem }
`

/**
 * A page that needs no other file: administrators send it on, and open it in any browser.
 * @param now milliseconds since 1970 UTC
 */
export function legacyPicture(board: LegacyBoard, now: number, language: Language): string {
  const words = loadWords()(language)
  const plain: Translate = (key, values) => words(`legacy.${key}`, values)
  const t: Translate = (key, values) => escaped(plain(key, values))
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: chinaTimeZone })
  const ended = board.portals.filter(({ daysLeft }) => daysLeft === 0).length
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${t('title')}</title><style>${style}</style></head>
<body>
<main>
<h1>${t('title')}</h1>
<p class="made">${t('made', { when: day.format(now), weeks: board.weeks })}</p>
<div class="sheet facts">
<p><b>${board.portals.length}</b>${t('portals')}</p>
<p><b>${shareOf(board)}</b>${t('share')}</p>
${ended > 0 ? `<p class="wrong"><b>${ended}</b>${t('ended')}</p>` : ''}
</div>
<section class="sheet"><h2>${t('chart')}</h2>${chart(board, t, day)}</section>
<div class="pair">
<section class="sheet"><h2>${t('by_protocol')}</h2>${protocolTable(board, plain, day)}</section>
<section class="sheet"><h2>${t('by_source')}</h2>${sourceTable(board, plain)}</section>
</div>
<section class="sheet"><h2>${t('list')}</h2>${portalTable(board, plain, day)}</section>
</main>
</body>
</html>`
}

type Days = Pick<Intl.DateTimeFormat, 'format'>

const total = (signIns: Readonly<Record<string, number>>) => Object.values(signIns).reduce((all, one) => all + one, 0)
const oldOf = (signIns: Readonly<Record<string, number>>) => total(signIns) - (signIns['oidc'] ?? 0)

function shareOf({ history }: LegacyBoard): string {
  const [all, old] = [total, oldOf].map((count) => history.reduce((sum, { signIns }) => sum + count(signIns), 0))
  return all ? `${Math.round((100 * (old ?? 0)) / all)} %` : '0 %'
}

/** A bar for each week: legacy protocols below, so that they can be seen to burn down. */
function chart({ history }: LegacyBoard, t: Translate, day: Days): string {
  const most = Math.max(1, ...history.map(({ signIns }) => total(signIns)))
  const step = size.width / history.length
  const width = Math.max(1, step - size.gap)
  const bars = history.map(({ begins, signIns }, index) => {
    const [all, old] = [total(signIns), oldOf(signIns)]
    const [top, middle] = [all, old].map((count) => Math.round(size.height * (1 - count / most)))
    const said = t('week', { day: day.format(begins), total: all, old })
    const bar = (kind: string, y = 0, end = 0) =>
      `<rect class="${kind}" x="${Math.round(index * step)}" y="${y}" width="${Math.round(width)}" height="${end - y}"/>`
    return `<g><title>${said}</title>${bar('new', top, middle)}${bar('old', middle, size.height)}</g>`
  })
  const base = `<line class="axis" x1="0" x2="${size.width}" y1="${size.height}" y2="${size.height}"/>`
  return `<svg viewBox="0 0 ${size.width} ${size.height + 1}" role="img" aria-label="${t('chart')}">${base}${bars.join('')}</svg>
<p class="legend"><span class="new">■</span> ${t('oidc')} · <span class="old">■</span> ${t('old')} · ${t('most', { count: most })}</p>`
}

interface Cell {
  text: string | number
  kind?: 'number' | 'number wrong'
}
const number = (text: string | number): Cell => ({ text, kind: 'number' })

function table(head: Cell[], rows: Cell[][]): string {
  const cells = (tag: 'th' | 'td', line: Cell[]) =>
    line.map(({ text, kind }) => `<${tag}${kind ? ` class="${kind}"` : ''}>${escaped(text)}</${tag}>`).join('')
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n')
  return `<table><thead><tr>${cells('th', head)}</tr></thead><tbody>${body}</tbody></table>`
}

const lastUse = (at: number | undefined, t: Translate, day: Days) => (at === undefined ? t('never') : day.format(at))

function protocolTable({ protocols }: LegacyBoard, t: Translate, day: Days): string {
  const head = [{ text: t('protocol') }, number(t('count')), number(t('sign_ins')), number(t('last_used'))]
  const rows = protocols.map(({ protocol, portals, signIns, lastUsed }) => [
    { text: protocol === 'oidc' ? t('oidc') : protocol },
    number(portals),
    number(signIns),
    number(lastUse(lastUsed, t, day)),
  ])
  return table(head, rows)
}

function sourceTable({ sources }: LegacyBoard, t: Translate): string {
  const head = [{ text: t('source') }, { text: t('protocol') }, number(t('sign_ins'))]
  const rows = sources.map(({ source, protocol, signIns }) => [
    { text: source === 'yideng' ? t('own') : source },
    { text: protocol === 'oidc' ? t('oidc') : protocol },
    number(signIns),
  ])
  return table(head, rows)
}

function portalTable({ portals }: LegacyBoard, t: Translate, day: Days): string {
  if (portals.length === 0) return `<p>${escaped(t('none'))}</p>`
  const head = [
    { text: t('portal') },
    { text: t('organisation') },
    { text: t('protocol') },
    number(t('sign_ins')),
    number(t('last_used')),
    number(t('until')),
    number(t('days_left')),
  ]
  const rows = portals.map(({ client, protocol, signIns, lastUsed, daysLeft }): Cell[] => [
    { text: client.name },
    { text: client.organisation ?? '' },
    { text: protocol },
    number(signIns),
    number(lastUse(lastUsed, t, day)),
    number(client.legacy_until ?? ''),
    { text: daysLeft, kind: daysLeft === 0 ? 'number wrong' : 'number' },
  ])
  return table(head, rows)
}
