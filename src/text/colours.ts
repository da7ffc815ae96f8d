const form = /^#[0-9a-f]{6}$/
/** Of text of normal size (WCAG 2.2, 1.4.3). */
const leastContrast = 4.5

/** Relative luminance (WCAG 2.2, definitions) of a colour such as #0d5b52. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Contrast of white text on this colour (WCAG 2.2, definitions). */
const contrastWithWhite = (colour: string): number => 1.05 / (luminance(colour) + 0.05)

/** Why white text cannot lie on this colour, or undefined when it can. */
export function faultOfColour(colour: string): string | undefined {
  if (!form.test(colour)) return 'must be a colour such as #1a5fa8'
  const contrast = contrastWithWhite(colour)
  // cut, not rounded: 4.46 is not 4.5
  const shown = Math.floor(contrast * 10) / 10
  return contrast < leastContrast
    ? `has a contrast of ${shown} with white text: take a darker one, at least 4.5`
    : undefined
}
