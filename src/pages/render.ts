import { Eta } from 'eta'
import { chinaTimeZone } from '../config/china-time.ts'
import type { Operator } from '../config/settings/operator.ts'
import { escapeText } from './escape.ts'
import type { Assets } from './assets.ts'
import { colourOf, icon, initialOf } from './drawings.ts'
import { type Language, languageMarks, languageNames, languages } from './languages.ts'
import type { KeeperSignal } from './request-context.ts'
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
  readonly signals?: readonly KeeperSignal[]
}

export interface Pages {
  /**
   * Renders a view (view-files.ts) inside the layout. The view sees `it.<field>` of the data, `it.t(key, parameters)`, `it.frame`,
   * `it.time(moment)`, `it.day(moment)`, `it.clock(moment)`, and the drawings `it.icon(name)`, `it.colourOf(name)` and `it.initialOf(name)`.
   * @throws Error where words are missing, or the view would print a value that is neither text nor number
   */
  render(view: string, language: Language, data: object, frame: Frame): string
  /** The words of a language, for data that is composed before a page is rendered. */
  words(language: Language): Translate
}

export interface PagesOptions {
  readonly assets: Assets
  /** The operator, for header and foot of every page. */
  readonly operator: Operator
  /** The file of each view by its name; by default those of the server. */
  readonly views?: ReadonlyMap<string, string>
}

/** Loads all words. Views are compiled at first use and cached. */
export function createPages({ assets, operator, views: files = viewFiles() }: PagesOptions): Pages {
  const words = loadWords()
  const times = new Map(languages.map((language) => [language, timesIn(language)]))
  const eta = new Eta({ cache: true, autoEscape: true, escapeFunction: escapeForHtml })
  // a view of a login method is in the folder of its method
  eta.resolvePath = (view) => {
    const file = files.get(view.replace(/^\//, ''))
    if (file === undefined) throw new Error(`There is no view ${view}`)
    return file
  }
  /** Any sentence may name the helpline of this operator. */
  const wordsOfPage = (language: Language): Translate => {
    const t = words(language)
    return (key, parameters) => t(key, { helpline: operator.helpline, ...parameters })
  }
  return {
    words,
    render: (view, language, data, frame) =>
      tidied(
        eta.render(view, {
          ...data,
          t: wordsOfPage(language),
          ...times.get(language),
          frame: {
            ...frame,
            language,
            assets: assets.urls,
            operator,
            otherLanguages: languages.filter((other) => other !== language),
          },
          languageMarks,
          languageNames,
          icon,
          colourOf,
          initialOf,
        }),
      ),
  }
}

/** A moment (ms since 1970 UTC, or ISO 8601) as people write it, in China Standard Time: with the hour, the day alone, the hour alone. */
function timesIn(language: Language) {
  const dated = { dateStyle: 'medium', timeZone: chinaTimeZone } as const
  const hour = new Intl.DateTimeFormat(language, { ...dated, timeStyle: 'short', hourCycle: 'h23' })
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'short', hourCycle: 'h23', timeZone: chinaTimeZone })
  const day = new Intl.DateTimeFormat(language, dated)
  return {
    time: (at: number | string) => hour.format(new Date(at)),
    day: (at: number | string) => day.format(new Date(at)),
    clock: (at: number) => clock.format(new Date(at)),
  }
}

const dates = /\d{4}年\d{1,2}月\d{1,2}日(?: \d{2}:\d{2})?/g

/**
 * What CSS cannot express for Chinese text. A mark as wide as a character gets no underline at the end of a link: it looks like a
 * fault, and no space after it. A date gets no spaces around its characters and does not break.
 */
function tidied(html: string): string {
  const start = html.indexOf('<body')
  const body = html
    .slice(start)
    .replaceAll(/(?<=[？！。，；：、…）”’」]) +(?=<(?:a|b|span|strong|time)\b)/g, '')
    .replaceAll(/([？！。，；：…）”’]+)<\/a>/g, '<span class="no-line">$1</span></a>')
    .replaceAll(/>[^<]*年[^<]*</g, (text) => text.replaceAll(dates, '<span class="when">$&</span>'))
  return html.slice(0, start) + body
}

/** Refuses to print "undefined" or "[object Object]": it is a bug of the caller. */
function escapeForHtml(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw new Error(`A view tried to print ${typeof value}`)
  return escapeText(value)
}
