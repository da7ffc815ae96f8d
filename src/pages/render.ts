import { Eta } from 'eta'
import { chinaTimeZone } from '../config/china-time.ts'
import type { Assets } from './assets.ts'
import { type Language, languageNames, languages } from './languages.ts'
import { viewFiles } from './view-files.ts'
import { loadWords, type Translate } from './words.ts'

/** Data of the layout around every page. */
export interface Frame {
  /** The nonce of this answer's content security policy. */
  readonly nonce: string
  /** Path and query, answered by GET, that the switches for language and large text lead back to. */
  readonly path: string
  /** 关怀版: large text and large buttons. */
  readonly elder: boolean
}

export interface Pages {
  /**
   * Renders a view (view-files.ts) inside the layout. The view sees `it.<field>` of the data, `it.t(key, parameters)`, `it.frame`,
   * `it.time(moment)` and `it.day(moment)`.
   * @throws Error where words are missing, or the view would print a value that is neither text nor number
   */
  render(view: string, language: Language, data: object, frame: Frame): string
  /** The words of a language, for data that is composed before a page is rendered. */
  words(language: Language): Translate
}

export interface PagesOptions {
  readonly assets: Assets
}

/** Loads all words. Views are compiled at first use and cached. */
export function createPages({ assets }: PagesOptions): Pages {
  const words = loadWords()
  const times = new Map(languages.map((language) => [language, timesIn(language)]))
  const eta = new Eta({ cache: true, autoEscape: true, escapeFunction: escapeForHtml })
  const files = viewFiles()
  // a view of a login method is in the folder of its method
  eta.resolvePath = (view) => {
    const file = files.get(view.replace(/^\//, ''))
    if (file === undefined) throw new Error(`There is no view ${view}`)
    return file
  }
  return {
    words,
    render: (view, language, data, frame) =>
      eta.render(view, {
        ...data,
        t: words(language),
        ...times.get(language),
        frame: {
          ...frame,
          language,
          assets: assets.urls,
          otherLanguages: languages.filter((other) => other !== language),
        },
        languageNames,
      }),
  }
}

/** A moment (ms since 1970 UTC, or ISO 8601) as people write it, in China Standard Time: with the hour, and the day alone. */
function timesIn(language: Language) {
  const dated = { dateStyle: 'medium', timeZone: chinaTimeZone } as const
  const hour = new Intl.DateTimeFormat(language, { ...dated, timeStyle: 'short', hourCycle: 'h23' })
  const day = new Intl.DateTimeFormat(language, dated)
  return {
    time: (at: number | string) => hour.format(new Date(at)),
    day: (at: number | string) => day.format(new Date(at)),
  }
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Refuses to print "undefined" or "[object Object]": it is a bug of the caller. */
function escapeForHtml(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw new Error(`A view tried to print ${typeof value}`)
  return String(value).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}
