const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

/** A resident ID number with a valid check digit (GB 11643); a different one for each index up to 27,999. */
export function residentNumber(index: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = two(1 + (index % 28))
  const serial = String(Math.floor(index / 28)).padStart(3, '0')
  const body = `440305198001${day}${serial}`
  const sum = weights.reduce((total, weight, place) => total + weight * Number(body[place]), 0)
  return body + '10X98765432'.charAt(sum % 11)
}
