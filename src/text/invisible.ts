/**
 * Marks without a shape that keyboards, address books and copied pages add: direction marks, joiners, soft hyphens, byte
 * order marks, variation selectors (Unicode UAX #44, Default_Ignorable_Code_Point, and U+FFF9 to U+FFFB).
 * Fillers stay: they take the place of a letter.
 */
const marks = /[[\p{Default_Ignorable_Code_Point}\u{fff9}-\u{fffb}]--[\u{115f}\u{1160}\u{3164}\u{ffa0}]]/gv

/** A text without invisible marks. For names and identifiers only: a password stays as it is. */
export const withoutInvisible = (text: string): string => text.replaceAll(marks, '')
