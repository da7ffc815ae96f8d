import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { readSettings } from '../src/config/settings.ts'
import { languages, type Language } from '../src/pages/languages.ts'
import { minifyCss } from '../src/pages/minify.ts'
import { readWords } from '../src/pages/words.ts'

/** Names of the operator on the page. */
interface ProxyPageOperator {
  service?: string | undefined
  helpline: string
}

const home = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, home), 'utf8')

/** The design's own files; the page has no other style, and asks the server for nothing. */
const style = minifyCss(
  ['1-tokens', '2-ground', '3-frame', '5-acts'].map((name) => read(`browser/css/${name}.css`)).join('\n'),
)

const escaped = (text: string) => text.replaceAll(/[&<>"]/g, (character) => `&#${String(character.codePointAt(0))};`)

function wordsOf(language: Language) {
  const words = readWords(language)
  return (key: string): string => {
    const text = words.get(key)
    if (text === undefined) throw new Error(`no words ${key} in ${language}`)
    return escaped(text)
  }
}

/**
 * The page that a proxy shows when no server answers: static, for every language at once, without scripts. Its button asks for
 * the same address again by GET.
 */
export function unavailablePage({ service, helpline }: ProxyPageOperator): string {
  const [first, ...others] = languages
  const t = wordsOf(first)
  const hash = createHash('sha256').update(style).digest('base64')
  const call = `<a class="button-second" href="tel:${helpline.replaceAll(/[ -]/g, '')}">`
  return `<!doctype html>
<html lang="${first}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${t('errors.unavailable.title')} — ${t('common.brand')}</title>
<style>${style}</style>
</head>
<body>
<header class="bar">
<div class="brand">${read('views/parts/mark.eta').trim()}<span><b>${t('common.brand')}</b>${service ? `<small>${escaped(service)}</small>` : ''}</span></div>
</header>
<main id="main" class="page">
<div class="sheet">
<h1>${t('errors.unavailable.title')}</h1>
<p class="lead">${t('errors.unavailable.text')}</p>
<div class="acts">
<a class="button" href="">${t('history.receipt_again')}</a>
${call}${t('common.call_help').replace('{number}', escaped(helpline))}</a>
</div>
${others.map(inOther).join('\n')}
</div>
</main>
</body>
</html>
`
}

function inOther(language: Language): string {
  const t = wordsOf(language)
  return `<p class="hint" lang="${language}"><b>${t('errors.unavailable.title')}</b> ${t('errors.unavailable.text')} <a href="">${t('history.receipt_again')}</a></p>`
}

/** The answer for programs (RFC 6749, 5.2): the same error as ours. */
export const unavailableDocument = `${JSON.stringify({
  error: 'temporarily_unavailable',
  error_description: 'no server answers; try again later',
})}\n`

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { operator } = readSettings(process.env)
  process.stdout.write(unavailablePage(operator))
}
