/** A password that all rules accept. */
export const password = 'Baiyun-Shan-2026'

/** Appends the check character of GB 11643. Independent of the code under test. */
export function residentId(body: string): string {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  const sum = weights.reduce((total, weight, index) => total + weight * Number(body[index]), 0)
  return body + '10X98765432'[sum % 11]
}
