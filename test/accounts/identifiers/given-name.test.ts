import { expect, it } from 'vitest'
import { greetingName } from '../../../src/accounts/identifiers/given-name.ts'

it.each([
  ['周晓岚', '晓岚'],
  ['陈大文', '大文'],
  ['李伟', '李伟'],
  ['欧阳娜', '欧阳娜'],
  ['欧阳修文', '修文'],
  ['歐陽修文', '修文'],
  ['诸葛亮', '诸葛亮'],
  ['陈黄美玲', '美玲'],
  ['范徐丽泰', '丽泰'],
  ['王', '王'],
  ['', ''],
  ['欧阳', '欧阳'],
  ['买买提·吐尔逊', '买买提·吐尔逊'],
  ['Maria Chen', 'Maria Chen'],
  ['Müller-Lüdenscheidt', 'Müller-Lüdenscheidt'],
  ['𠮷田明日', '明日'],
])('%s is greeted as %s', (name, given) => {
  expect(greetingName(name)).toBe(given)
})
