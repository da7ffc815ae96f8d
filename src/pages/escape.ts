const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A text as content or quoted attribute of HTML (HTML Standard, 13.1.2). */
export const escapeText = (text: string | number): string =>
  String(text).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
