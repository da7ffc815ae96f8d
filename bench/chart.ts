interface Bar {
  case: string
  target: string
  perSecond: number
  ratio: string
}

const colours: Record<string, string> = {
  bare: '#9aa5b1',
  embedded: '#1f6f8b',
  'embedded-2': '#63a6bd',
  'scale-out': '#b4532a',
  'scale-out-2': '#dd9a6f',
}
const width = 760
const left = 210
const barHeight = 16
const gap = 18

/** Bars of operations per second in groups by case, each with its ratio to the bare provider. */
export function chart(bars: Bar[]): string {
  const cases = [...new Set(bars.map((bar) => bar.case))]
  const most = Math.max(...bars.map((bar) => bar.perSecond))
  let y = 40
  const parts: string[] = []
  for (const name of cases) {
    const group = bars.filter((bar) => bar.case === name)
    const middle = y + (group.length * barHeight) / 2 + 4
    parts.push(`<text x="${left - 12}" y="${middle}" text-anchor="end">${name}</text>`)
    for (const { target, perSecond, ratio } of group) {
      const length = Math.max(2, Math.round((perSecond / most) * (width - left - 150)))
      const beside = ratio ? `${perSecond}/s · ${ratio.split(' ')[0]} ×` : `${perSecond}/s`
      parts.push(
        `<rect x="${left}" y="${y}" width="${length}" height="${barHeight - 3}" fill="${colours[target] ?? '#555'}"/>`,
        `<text class="figure" x="${left + length + 6}" y="${y + 11}">${beside}</text>`,
      )
      y += barHeight
    }
    y += gap
  }
  const legend = [...new Set(bars.map((bar) => bar.target))].map(
    (target, index) =>
      `<rect x="${left + index * 105}" y="12" width="12" height="12" fill="${colours[target] ?? '#555'}"/>` +
      `<text class="figure" x="${left + index * 105 + 17}" y="22">${target}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" role="img" aria-label="Operations per second by case and store">
<style>text{font:13px system-ui,sans-serif;fill:#1d2733}.figure{font-size:11px;fill:#46535f}</style>
<rect width="${width}" height="${y}" fill="#fff"/>
${[...legend, ...parts].join('\n')}
</svg>
`
}
