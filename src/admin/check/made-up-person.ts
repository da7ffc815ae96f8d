import { randomBytes } from 'node:crypto'

/** The made-up person of a check. A page with one of these values is a page for a signed-in person. */
export const person: Readonly<Record<'sub' | 'name', string>> = {
  sub: `check-${randomBytes(6).toString('hex')}`,
  name: `Yideng Check ${randomBytes(3).toString('hex')}`,
}

export const marks: readonly string[] = Object.values(person)

/** A part of the name of another person. */
export const otherMark = 'not them'
