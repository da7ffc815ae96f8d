const bodyLength = 17
const characters = '10X98765432'

/**
 * The check character of a GB 11643-1999 number: ISO 7064 MOD 11-2, where X means ten. It finds each single wrong
 * digit and each exchange of two neighbours.
 * @param body the first 17 digits
 * @throws RangeError when the body is anything else
 */
export function checkCharacter(body: string): string {
  if (!/^\d{17}$/.test(body)) throw new RangeError('the body of a GB 11643 number has 17 digits')
  let remainder = 0
  for (const digit of body) remainder = ((remainder + Number(digit)) * 2) % 11
  return characters.charAt(remainder)
}

/** Whether 18 characters end in the check character of the first 17; other texts are not valid. */
export function isValid(number: string): boolean {
  return /^\d{17}[\dX]$/.test(number) && checkCharacter(number.slice(0, bodyLength)) === number.charAt(bodyLength)
}
