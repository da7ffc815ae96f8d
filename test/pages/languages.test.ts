import { expect, test } from 'vitest'
import { chooseLanguage, type LanguageWishes } from '../../src/pages/languages.ts'

const table: [LanguageWishes, string][] = [
  [{}, 'zh-CN'],
  [{ cookie: 'en' }, 'en'],
  [{ cookie: 'zh-CN', uiLocales: 'en', acceptLanguage: 'en' }, 'zh-CN'],
  [{ cookie: 'EN', uiLocales: 'zh' }, 'zh-CN'],
  [{ cookie: '../../etc', acceptLanguage: 'en' }, 'en'],
  [{ uiLocales: 'en-GB zh-CN', acceptLanguage: 'zh-CN' }, 'en'],
  [{ uiLocales: 'fr de', acceptLanguage: 'en' }, 'en'],
  [{ uiLocales: 'fr zh-TW en' }, 'zh-Hant'],
  [{ cookie: 'zh-Hant', uiLocales: 'zh-CN' }, 'zh-Hant'],
  [{ cookie: 'zh-TW', uiLocales: 'en' }, 'en'],
  [{ uiLocales: 'zh', acceptLanguage: 'zh-TW' }, 'zh-CN'],
  [{ acceptLanguage: 'zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7' }, 'zh-Hant'],
  [{ acceptLanguage: 'zh-HK,zh-TW;q=0.9,zh;q=0.8' }, 'zh-Hant'],
  [{ acceptLanguage: 'zh-Hant-MO' }, 'zh-Hant'],
  [{ acceptLanguage: 'zh-Hans-HK,zh-Hant-HK;q=0.9' }, 'zh-CN'],
  [{ acceptLanguage: 'zh-CN,zh;q=0.9,en;q=0.8' }, 'zh-CN'],
  [{ acceptLanguage: 'en-US,en;q=0.9,zh-CN;q=0.8' }, 'en'],
  [{ acceptLanguage: 'en;q=0.3, zh-Hant-HK;q=0.7' }, 'zh-Hant'],
  [{ acceptLanguage: 'fr, en;q=0.5' }, 'en'],
  [{ acceptLanguage: 'fr, en;q=0' }, 'zh-CN'],
  [{ acceptLanguage: 'en;q=abc' }, 'zh-CN'],
  [{ acceptLanguage: 'EN-us ; Q=0.4' }, 'en'],
  [{ acceptLanguage: '*' }, 'zh-CN'],
  [{ acceptLanguage: 'fr' }, 'zh-CN'],
  [{ acceptLanguage: ',;q=,,=' }, 'zh-CN'],
]

/** What portals put into `ui_locales`: BCP 47, Java's `Locale.toString`, POSIX, lists, and what is none of these. */
const spellings: [string, string | undefined][] = [
  ['en', 'en'],
  ['EN', 'en'],
  ['en-GB', 'en'],
  ['en_US', 'en'],
  ['en_US.UTF-8', 'en'],
  ['eng', 'en'],
  ['zh', 'zh-CN'],
  ['ZH-cn', 'zh-CN'],
  ['zh_CN', 'zh-CN'],
  ['zh_CN_#Hans', 'zh-CN'],
  ['zh-Hans-CN', 'zh-CN'],
  ['cmn-Hans-CN', 'zh-CN'],
  ['zh_CN@pinyin', 'zh-CN'],
  ['zh-SG', 'zh-CN'],
  ['zh-MY', 'zh-CN'],
  ['zh-Hans', 'zh-CN'],
  ['zh-Hans-HK', 'zh-CN'],
  ['zh_Hans_TW', 'zh-CN'],
  ['zh-CHS', 'zh-CN'],
  ['yue', 'zh-CN'],
  ['zh-CN-u-rg-twzzzz', 'zh-CN'],
  ['zh-x-hant', 'zh-CN'],
  ['zh-Hant', 'zh-Hant'],
  ['ZH-HANT', 'zh-Hant'],
  ['zh-hant-hk', 'zh-Hant'],
  ['zh_Hant_TW', 'zh-Hant'],
  ['zh-Hant-CN', 'zh-Hant'],
  ['zh-TW', 'zh-Hant'],
  ['zh_tw', 'zh-Hant'],
  ['zh_TW.Big5', 'zh-Hant'],
  ['zh_TW_#Hant', 'zh-Hant'],
  ['zh-HK', 'zh-Hant'],
  ['zh_HK.UTF-8', 'zh-Hant'],
  ['zh_HK@stroke', 'zh-Hant'],
  ['zh-MO', 'zh-Hant'],
  ['zh_MO_#Hant', 'zh-Hant'],
  ['zh-CHT', 'zh-Hant'],
  ['yue-HK', 'zh-Hant'],
  ['zh-yue-HK', 'zh-Hant'],
  ['zh-min-nan-TW', 'zh-Hant'],
  ['cmn-Hant-TW', 'zh-Hant'],
  ['zho-TW', 'zh-Hant'],
  ['fr_FR en_US', 'en'],
  ['fr,zh_CN,en', 'zh-CN'],
  ['fr,zh_HK,zh_CN', 'zh-Hant'],
  ['  en  ', 'en'],
  ['english', undefined],
  ['zhx', undefined],
  ['_', undefined],
  ['', undefined],
]

test.each(spellings)('ui_locales=%s is read as %s, whatever the browser prefers', (uiLocales, language) => {
  expect(chooseLanguage({ uiLocales, acceptLanguage: 'en' })).toBe(language ?? 'en')
  expect(chooseLanguage({ uiLocales, acceptLanguage: 'zh' })).toBe(language ?? 'zh-CN')
})

test.each(table)('%j is answered in %s', (wishes, language) => {
  expect(chooseLanguage(wishes)).toBe(language)
})
